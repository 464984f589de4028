/** One element on a bench: packets in by hand, packets out as objects, time moved by hand. */
import { join } from 'node:path';
import { addon, callNative, type NativeHarness } from '../datapath/addon.ts';
import { elementDirectory } from '../datapath/paths.ts';
import type { ReplayedPacket } from '../upgrade/shadow/compare.ts';

/** A packet to push: the frame alone, or with annotations. Offsets count from the first byte of `data`. */
export type PacketInput =
  | Uint8Array
  | {
      readonly data: Uint8Array;
      readonly paint?: number;
      readonly packetType?: number;
      readonly vlanTci?: number;
      readonly destination?: string;
      readonly networkOffset?: number;
      readonly transportOffset?: number;
      readonly timestamp?: bigint;
      readonly aggregate?: number;
      readonly fixIpSource?: number;
      readonly icmpParameter?: number;
    };

export interface PacketOutput extends ReplayedPacket {
  /** Bytes in front of the data. */
  readonly headroom: number;
}

export class ElementHarness implements Disposable {
  readonly #native: NativeHarness;
  readonly #className: string;
  readonly #ports: { inputs: number; outputs: number };
  #args: readonly string[];

  private constructor(
    className: string,
    args: readonly string[],
    ports: { inputs: number; outputs: number },
    library: string,
  ) {
    this.#className = className;
    this.#args = args;
    this.#ports = ports;
    this.#native = callNative(() => new (addon().ElementHarness)(this.#spec(library)));
  }

  /**
   * Makes the element. `options.library` is a library file other than the built one.
   * @throws HotclickError HC_CONFIGURE_FAILED, HC_LIBRARY, HC_STATE_DECLARATION
   */
  static create(
    className: string,
    args: readonly string[] = [],
    options: { inputs?: number; outputs?: number; library?: string } = {},
  ): ElementHarness {
    const ports = { inputs: options.inputs ?? 1, outputs: options.outputs ?? 1 };
    return new ElementHarness(className, args, ports, options.library ?? libraryOf(className));
  }

  #spec(library: string) {
    return { library, className: this.#className, args: this.#args, ...this.#ports };
  }

  /** Pushes packets to an input, as one batch for each 256. */
  push(port: number, packets: readonly PacketInput[]): void {
    for (let at = 0; at < packets.length; at += 256) this.#native.push(port, packets.slice(at, at + 256));
  }
  /** Puts packets where a pull input finds them. */
  supply(port: number, packets: readonly PacketInput[]): void {
    for (let at = 0; at < packets.length; at += 256) this.#native.supply(port, packets.slice(at, at + 256));
  }
  /** Pulls from an output. */
  pull(port: number, max = 256): PacketOutput[] {
    return this.#native.pull(port, max) as PacketOutput[];
  }
  /** Takes what was pushed out of an output since the last call. */
  output(port: number): PacketOutput[] {
    return this.#native.output(port) as PacketOutput[];
  }
  /** Drops so far by reason; reasons without drops are left out. */
  drops(): Record<string, number> {
    return this.#native.drops();
  }
  read(handler: string, parameter = ''): string {
    return callNative(() => this.#native.handler(handler, null, parameter));
  }
  write(handler: string, value = ''): void {
    callNative(() => this.#native.handler(handler, value));
  }
  /** Runs the element's task; returns the rounds in which it found work. */
  run(times = 1): number {
    return this.#native.run(times);
  }
  /** Moves the clock on: timers fire once when due, expired records go. */
  advance(ms: number): void {
    this.#native.advance(ms);
  }
  /** Replaces the instance as an upgrade does; by default by the same version, loaded anew. */
  upgrade(
    library = libraryOf(this.#className),
    args = this.#args,
    options: { newFlowsOnly?: boolean } = {},
  ): void {
    this.#args = args;
    callNative(() => this.#native.upgrade(this.#spec(library), options.newFlowsOnly ?? false));
  }
  /** Removes older versions that run beside the newest and have no records; how many are left. */
  retire(): number {
    return this.#native.retire();
  }
  /** Records of each version that runs, the newest first. */
  records(): number[] {
    return this.#native.records();
  }
  /** Lines said through print and log since the last call. */
  printed(): string[] {
    return this.#native.printed();
  }
  /** Packets in the pool; a leak shows as a number that falls. */
  freePackets(): number {
    return this.#native.freePackets();
  }
  [Symbol.dispose](): void {
    this.#native.close();
  }
}

function libraryOf(className: string): string {
  return join(elementDirectory, `${className}.so`);
}
