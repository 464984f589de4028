import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { HotclickError } from '../../engine/errors.ts';
import { type CommandOptions, type CommandResult, runCommand } from './command.ts';
import { type LabEngine, type LabHost, type LabMode, type LabPlan, planLab } from './lab-plan.ts';
import { forwardInKernel, makeDevices, prepareHost, prepareNamespace, silenceKernel } from './lab-scripts.ts';
import { missingCapabilities } from './privilege.ts';
import { removeDevice, removeNamespace, sweep } from './sweep.ts';

export type LabPlace = 'client' | 'server' | 'engine';

export interface NetworkLabOptions {
  /** Stops the setting up; what exists by then is removed. */
  readonly signal?: AbortSignal;
  /** Default `router`. */
  readonly mode?: LabMode;
  /** Puts the engine's devices into a third namespace instead of the caller's own. Default false. */
  readonly engineNamespace?: boolean;
  /**
   * Who forwards between the two sides. `kernel` needs `engineNamespace`; `nobody` leaves the devices as they are, for
   * somebody else. Default `engine`.
   */
  readonly forwarding?: 'engine' | 'kernel' | 'nobody';
  /** Gives client and server permanent neighbour entries, so that the engine need not answer ARP. Default false. */
  readonly staticNeighbours?: boolean;
  /** 1 to 4 of a–z and 0–9 that tell laboratories of one process apart. Default random. */
  readonly suffix?: string;
}

const carrierTimeoutMs = 5000;
const endTimeoutMs = 2000;

/**
 * Two network namespaces with a kernel stack each, and between them two devices for an engine:
 *
 *     client (10.1.0.2) client0 ═══ hc-c-… engine hc-s-… ═══ server0 server (10.2.0.2)
 *
 * Everything carries names of its own, so laboratories can exist side by side, and goes away on disposal. What a
 * killed run left behind is removed when the next one is made.
 */
export class NetworkLab {
  readonly mode: LabMode;
  readonly client: LabHost;
  readonly server: LabHost;
  readonly engine: LabEngine;
  readonly #children = new Set<ChildProcess>();
  /** What undoes each step of the setting up that was taken. */
  readonly #removals: (() => Promise<void>)[] = [];

  private constructor(plan: LabPlan) {
    this.mode = plan.mode;
    this.client = plan.client;
    this.server = plan.server;
    this.engine = plan.engine;
  }

  /**
   * Sets a laboratory up. Throws `HC_PRIVILEGE` when network namespaces cannot be made (see `enterUserNamespace`)
   * and `HC_LAB` when a command fails; nothing is left behind then.
   */
  static async create(options: NetworkLabOptions = {}): Promise<NetworkLab> {
    const missing = missingCapabilities();
    if (missing.length > 0) {
      throw new HotclickError(
        'HC_PRIVILEGE',
        `network namespaces cannot be made: ${missing.join(', ')} missing`,
        {
          hint: 'run as root, or inside a user namespace: unshare -Urnm',
        },
      );
    }
    if (options.forwarding === 'kernel' && options.engineNamespace !== true) {
      throw new HotclickError('HC_ARGUMENT', "forwarding 'kernel' would change the caller's own namespace", {
        hint: 'set engineNamespace',
      });
    }
    options.signal?.throwIfAborted();
    await sweep();
    const plan = planLab(options);
    const lab = new NetworkLab(plan);
    try {
      await lab.#setUp(plan, options);
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
    return lab;
  }

  /** Runs a program in a namespace to its end. Rejects with `HC_LAB` when its exit status is not 0. */
  exec(place: LabPlace, argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand(this.commandLine(place, argv), options);
  }

  /** Starts a program in a namespace. It is ended on disposal at the latest. */
  spawn(place: LabPlace, argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const [program = '', ...args] = this.commandLine(place, argv);
    const child = spawn(program, args, options);
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    child.once('error', () => this.#children.delete(child));
    return child;
  }

  /** The command line that runs `argv` in a namespace, for those who start it themselves. */
  commandLine(place: LabPlace, argv: readonly string[]): string[] {
    const namespace = this[place].namespace;
    return namespace === undefined ? [...argv] : ['ip', 'netns', 'exec', namespace, ...argv];
  }

  /** Ends what runs in the laboratory and removes it. Can be called more than once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children].map(endChild));
    const failures: unknown[] = [];
    for (const remove of this.#removals.splice(0).reverse()) {
      await remove().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  async #setUp(plan: LabPlan, options: NetworkLabOptions): Promise<void> {
    const { client, server, engine } = plan;
    const run = options.signal === undefined ? {} : { signal: options.signal };
    const shell = (place: LabPlace, script: string) => this.exec(place, ['sh', '-e', '-c', script], run);
    const places: LabPlace[] =
      engine.namespace === undefined ? ['client', 'server'] : ['client', 'server', 'engine'];
    for (const place of places) {
      const name = plan[place].namespace ?? '';
      // The command must not be interrupted: whether the namespace is ours would not be known.
      await runCommand(['ip', 'netns', 'add', name]);
      this.#removals.push(() => removeNamespace(name));
      await shell(place, prepareNamespace);
    }
    if (engine.namespace === undefined) {
      for (const { device } of [engine.clientSide, engine.serverSide])
        this.#removals.push(() => removeDevice(device));
    }
    await shell('engine', makeDevices(plan));
    if (options.forwarding === 'kernel') await shell('engine', forwardInKernel(plan));
    else if (options.forwarding !== 'nobody') await shell('engine', silenceKernel(plan));
    await shell(
      'client',
      prepareHost(client, options.staticNeighbours ? neighbourOf('client', plan) : undefined),
    );
    await shell(
      'server',
      prepareHost(server, options.staticNeighbours ? neighbourOf('server', plan) : undefined),
    );
    await this.#waitForCarrier(run);
  }

  /** A device whose peer has just come up drops what it is given until the kernel has noticed. */
  async #waitForCarrier(run: CommandOptions): Promise<void> {
    const deadline = Date.now() + carrierTimeoutMs;
    const devices: [LabPlace, string][] = [
      ['client', this.client.device],
      ['engine', this.engine.clientSide.device],
      ['engine', this.engine.serverSide.device],
      ['server', this.server.device],
    ];
    for (const [place, device] of devices) {
      while (
        !/\bstate UP\b/.test((await this.exec(place, ['ip', '-o', 'link', 'show', device], run)).stdout)
      ) {
        if (Date.now() > deadline) throw new HotclickError('HC_LAB', `${device} did not come up`);
        await delay(5);
      }
    }
  }
}

/** Whom a host sends its frames to: the engine's side in router mode, the other host in bridge mode. */
function neighbourOf(place: 'client' | 'server', plan: LabPlan): { ip: string; mac: string } {
  const other = plan[place === 'client' ? 'server' : 'client'];
  const side = place === 'client' ? plan.engine.clientSide : plan.engine.serverSide;
  return side.ip === undefined ? { ip: other.ip, mac: other.mac } : { ip: side.ip, mac: side.mac };
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), endTimeoutMs);
  await ended.finally(() => clearTimeout(patience));
}
