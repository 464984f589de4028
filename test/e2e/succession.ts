/** What tests of succeeding processes share: an engine with a store in a process of its own, traffic, and its records. */
import { join } from 'node:path';
import type { Test } from 'tap';
import { EngineProcess, type EngineProcessOptions } from '../../bench/lab/engine-process.ts';
import { NetworkLab } from '../../bench/lab/network-lab.ts';
import { UdpStream } from '../../bench/lab/udp-stream.ts';
import type { TableContents } from '../../engine/state/query.ts';
import { examples, firewallDevices, processors, shortDirectory, until } from './laboratory.ts';

export const flows = 400;
export const rate = 10_000;

export interface Succession {
  readonly lab: NetworkLab;
  readonly options: EngineProcessOptions;
  readonly stream: UdpStream;
  /** The engine: another one after start(). */
  engine: EngineProcess;
  /** Starts the engine again, as a supervisor does. */
  start(): Promise<void>;
}

/** The firewall of the examples between two sides, with `flows` connections in its table and packets on the way. */
export async function startSuccession(
  t: Test,
  { hasStore = true, holder = false } = {},
): Promise<Succession> {
  const lab = await NetworkLab.create({ mode: 'bridge' });
  t.teardown(() => lab[Symbol.asyncDispose]());
  const directory = await shortDirectory(t);
  const options: EngineProcessOptions = {
    file: join(examples, 'firewall.click'),
    control: join(directory, 'control.sock'),
    ...(hasStore ? { store: join(directory, 'store') } : {}),
    ...(holder ? { holder: join(directory, 'holder.sock') } : {}),
    threads: 2,
    cpus: processors(2).join(),
    defines: firewallDevices(lab),
  };
  const engine = await EngineProcess.start(options);
  t.teardown(() => succession.engine[Symbol.asyncDispose]());
  const stream = await UdpStream.start(lab, { rate, flows, cpu: { generator: 0 } });
  t.teardown(() => stream.stop());
  const succession: Succession = {
    lab,
    options,
    stream,
    engine,
    start: async () => {
      succession.engine = await EngineProcess.start(options);
    },
  };
  await until(async () => Number(await engine.client.read('fw.connections')) >= flows);
  if (hasStore) await engine.client.stateList(); // all flows are in the store from here on
  return succession;
}

/** Waits until packets arrive that were sent after now. */
export async function untilForwarding({ stream }: Succession): Promise<void> {
  await stream.mark('now');
  await until(async () => (await stream.report()).packets > 100);
}

/** The ports of the connections that the running engine knows. */
export async function connectionPorts({ engine }: Succession): Promise<number[]> {
  const { rows } = (await engine.client.stateGet('fw/connections')) as TableContents;
  return rows.map(({ key }) => Number(key?.inside_port)).sort((a, b) => a - b);
}
