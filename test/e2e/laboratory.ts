/** What the end-to-end tests share: an engine of an example between two kernels, and waiting for what happens. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import type { LabPlace, NetworkLab } from '../../bench/lab/network-lab.ts';
import type { UdpStream, UdpStreamSummary } from '../../bench/lab/udp-stream.ts';
import { packageRoot } from '../../engine/datapath/paths.ts';
import type { EngineControl, EngineOptions } from '../../engine/engine-types.ts';
import { Engine } from '../../engine/index.ts';

export const examples = join(packageRoot, 'examples');
export const firewallVersion2 = join(examples, 'firewall', 'v2', 'Firewall.cc');
export function brokenFirewall(name: string): string {
  return join(examples, 'firewall', 'broken', name, 'Firewall.cc');
}

/** A directory for sockets and stores: its path is short enough for a socket. Removed with the test. */
export async function shortDirectory(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hotclick-e2e-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Options that run a file of examples/ with these values for its `$names`. */
export function example(name: string, defines: Readonly<Record<string, string>>): EngineOptions {
  const file = join(examples, name);
  return { configuration: readFileSync(file, 'utf8'), file, defines };
}

/** The two devices of a laboratory, by the names that the firewall examples use. */
export function firewallDevices({ engine }: NetworkLab): Record<string, string> {
  return { CLIENT_DEV: engine.clientSide.device, SERVER_DEV: engine.serverSide.device };
}

/**
 * A processor for each shard. A thread that changes its processor can overtake what it has sent: that waits in the kernel's
 * queue of the processor before. Where order is looked at, generators keep theirs too.
 */
export function processors(threads = 1): number[] {
  return Array.from({ length: threads }, (_, shard) => shard % availableParallelism());
}

/** Starts an engine that is stopped with the test. */
export async function startEngine(t: Test, options: EngineOptions): Promise<Engine> {
  const engine = await Engine.start({ cpus: processors(options.threads), ...options });
  t.teardown(() => engine.stop());
  return engine;
}

/** What has not happened by then never will, whatever else the machine does. */
const patienceMs = 30_000;

/** Polls until `probe` gives something other than undefined or false. */
export async function until<T>(
  probe: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const result = await probe();
    if (result !== undefined && result !== false) return result;
    if (Date.now() > end) throw new Error(`after ${patienceMs / 1000} s still not: ${probe}`);
    await delay(10);
  }
}

/** Drops of one element for one reason, all shards. */
export async function drops(engine: Engine, element: string, reason: string): Promise<number> {
  const { elements } = await engine.stats();
  return elements.find((one) => one.element === element)?.drops[reason] ?? 0;
}

/** Waits until the stream's current interval has that many packets. */
export function packets(stream: UdpStream, count: number): Promise<unknown> {
  return until(async () => (await stream.report()).packets >= count);
}

/**
 * Packets that the kernel has dropped on the way: no room in a device's backlog, in a ring of the engine's or in the sink's
 * socket. On a machine that does other work too, that is no fault of the engine's.
 */
export async function kernelDrops(lab: NetworkLab, engine: EngineControl): Promise<number> {
  const devices: [LabPlace, string][] = [
    ['client', lab.client.device],
    ['engine', lab.engine.clientSide.device],
    ['engine', lab.engine.serverSide.device],
    ['server', lab.server.device],
  ];
  let sum = 0;
  for (const [place, device] of devices) {
    const { stdout } = await lab.exec(place, ['ip', '-json', '-stats', 'link', 'show', 'dev', device]);
    const [{ stats64 }] = JSON.parse(stdout) as [{ stats64: Record<'rx' | 'tx', { dropped: number }> }];
    sum += stats64.rx.dropped + stats64.tx.dropped;
  }
  for (const { element, className } of (await engine.stats()).elements) {
    if (className === 'FromDevice') sum += Number(await engine.read(`${element}.kernel_drops`));
  }
  return sum;
}

/** Every packet once, in order, and none missing but those that the kernel says it dropped. */
export function checkIntact(t: Test, summary: UdpStreamSummary, droppedByKernel: number): void {
  const { lost, socketDrops, generator } = summary;
  t.match(summary, { duplicated: 0, reordered: 0, malformed: 0, foreign: 0 });
  t.equal(generator.errors, 0, 'the generator could send');
  t.ok(
    lost <= droppedByKernel + socketDrops,
    `${lost} lost, ${droppedByKernel} + ${socketDrops} dropped by the kernel`,
  );
}
