/**
 * A whole machine between the two sides of a laboratory: it boots a kernel, runs hotclick on two network cards, and
 * can be rebooted from inside. Whatever it is measured for is measured from outside.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HotclickError } from '../../engine/errors.ts';
import type { NetworkLab } from '../lab/network-lab.ts';
import { type Accelerator, bestAccelerator } from './accelerator.ts';
import { type GuestSetup, makeBootFiles, makeDisk } from './guest-disk.ts';
import { guestKernel } from './guest-kernel.ts';
import { wireTaps } from './tap-wiring.ts';

export interface VirtualMachineOptions extends GuestSetup {
  readonly processors?: number;
  readonly memoryMiB?: number;
  /** ms for a boot; default 180,000. */
  readonly patience?: number;
  readonly signal?: AbortSignal;
}

export class VirtualMachine implements AsyncDisposable {
  readonly accelerator: Accelerator;
  readonly kernel: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #patience: number;
  readonly #line: Promise<Socket>;
  #said = '';
  #ready = 0;
  readonly #waiting = new Set<() => void>();

  private constructor(
    child: ChildProcess,
    folder: string,
    guest: { accelerator: Accelerator; kernel: string; patience: number },
  ) {
    this.#child = child;
    this.#folder = folder;
    this.accelerator = guest.accelerator;
    this.kernel = guest.kernel;
    this.#patience = guest.patience;
    createInterface({ input: child.stdout! }).on('line', (line) => this.#hear(line));
    child.stderr!.on('data', (chunk: Buffer) => this.#hear(chunk.toString()));
    child.once('exit', () => this.#tell());
    this.#line = this.#connect();
    this.#line.catch(() => {});
  }

  /**
   * Boots a machine between the devices of `lab` (made with `engineNamespace`) and waits until its engine forwards.
   * @throws HotclickError HC_LAB with the end of what its console said
   */
  static async start(lab: NetworkLab, options: VirtualMachineOptions): Promise<VirtualMachine> {
    const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hotclick', 'guest');
    await mkdir(cache, { recursive: true });
    const kernel = await guestKernel(cache);
    const accelerator = await bestAccelerator(kernel.image);
    const folder = await mkdtemp(join(tmpdir(), 'hotclick-guest-'));
    try {
      const boot = await makeBootFiles(folder, kernel);
      const disk = await makeDisk(folder, options);
      const taps = await wireTaps(lab);
      const [program, ...args] = lab.commandLine('engine', [
        ...['qemu-system-x86_64', '-accel', accelerator, '-smp', `${options.processors ?? 2}`],
        ...['-m', `${options.memoryMiB ?? 1024}`, '-display', 'none', '-no-user-config', '-nodefaults'],
        ...['-kernel', kernel.image, '-initrd', boot, '-append', 'console=ttyS0 quiet panic=-1'],
        ...['-drive', `file=${disk},format=raw,if=virtio,cache=unsafe`],
        ...['-serial', 'stdio', '-serial', `unix:${join(folder, 'line')},server=on,wait=off`],
        ...taps.flatMap(networkCard),
      ]);
      const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      const guest = { accelerator, kernel: kernel.version, patience: options.patience ?? 180_000 };
      const machine = new VirtualMachine(child, folder, guest);
      try {
        await machine.#untilReady(1, options.signal);
      } catch (error) {
        await machine[Symbol.asyncDispose]();
        throw error;
      }
      return machine;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** `reboot` from inside, as an operator does it; resolves when the engine forwards again. @throws HotclickError HC_LAB */
  async reboot(signal?: AbortSignal): Promise<void> {
    const next = this.#ready + 1;
    (await this.#line).write('reboot\n');
    await this.#untilReady(next, signal);
  }

  /** Runs a `hotclick` command in the guest; what it printed. The words hold no spaces. @throws HotclickError HC_LAB */
  async hotclick(...words: readonly string[]): Promise<string> {
    const line = await this.#line;
    const answer = new Promise<string>((resolve, reject) => {
      let text = '';
      const hear = (chunk: Buffer): void => {
        text += chunk.toString();
        const status = /(?:^|\n)status (\d+)\n$/.exec(text);
        if (!status) return;
        line.off('data', hear);
        const printed = text.slice(0, status.index);
        if (status[1] === '0') resolve(printed);
        else
          reject(new HotclickError('HC_LAB', `hotclick ${words.join(' ')} in the guest: ${printed.trim()}`));
      };
      line.on('data', hear);
    });
    line.write(`${words.join(' ')}\n`);
    return answer;
  }

  /** Pulls the plug. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#line.then((line) => line.destroy()).catch(() => {});
    if (!this.#hasEnded) {
      const exit = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await exit;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #hear(text: string): void {
    this.#said = `${this.#said}${text}\n`.slice(-4096);
    if (!text.includes('"ready"')) return;
    ++this.#ready;
    this.#tell();
  }

  #tell(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Until the engine has said for the nth time that it runs. */
  #untilReady(times: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: unknown): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        signal?.removeEventListener('abort', look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const failure = (what: string) =>
        new HotclickError('HC_LAB', `the guest ${what}: ${this.#said.trim()}`);
      const look = (): void => {
        if (this.#ready >= times) end();
        else if (signal?.aborted) end(signal.reason);
        else if (this.#hasEnded) end(failure('ended'));
      };
      const timer = setTimeout(
        () => end(failure(`does not run within ${this.#patience} ms`)),
        this.#patience,
      );
      this.#waiting.add(look);
      signal?.addEventListener('abort', look);
      look();
    });
  }

  /** The second serial line; QEMU makes its socket soon after it started. */
  async #connect(): Promise<Socket> {
    for (;;) {
      const socket = createConnection(join(this.#folder, 'line'));
      const failed = await once(socket, 'connect').then(
        () => undefined,
        (error: unknown) => error,
      );
      if (!failed) return socket;
      if (this.#hasEnded) throw failed;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Without any of the offloads that leave frames unfinished (see docs/design/packet-io.md). */
function networkCard(tap: string, index: number): string[] {
  const offloads = [
    'csum',
    'gso',
    'guest_csum',
    'guest_tso4',
    'guest_tso6',
    'guest_ufo',
    'guest_ecn',
    'host_tso4',
  ];
  const off = [...offloads, 'host_tso6', 'host_ufo', 'host_ecn'].map((name) => `${name}=off`).join(',');
  const backend = `tap,id=net${index},ifname=${tap},script=no,downscript=no`;
  return [
    '-netdev',
    backend,
    '-device',
    `virtio-net-pci,netdev=net${index},mac=02:00:0a:0f:00:0${index},${off}`,
  ];
}
