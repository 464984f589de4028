/** Faults of new code as shards tell of them, and the errors that they end an upgrade with. */
import type { NativeFault } from '../datapath/addon.ts';
import { HotclickError } from '../errors.ts';
import type { FaultReport } from '../watch-types.ts';

/** Where faults are kept until the transaction that they end looks for them. */
export class FaultInbox {
  #faults: NativeFault[] = [];
  #wake: (() => void) | undefined;

  hear(fault: NativeFault): void {
    this.#faults.push(fault);
    this.#wake?.();
  }

  /** A new transaction begins: what is left over is none of its. */
  clear(): void {
    this.#faults = [];
  }

  get first(): NativeFault | undefined {
    return this.#faults[0];
  }
  get all(): readonly NativeFault[] {
    return this.#faults;
  }

  /** Resolves after `ms`, or as soon as a fault is there or the signal aborts. */
  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (this.first || signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => end(), ms);
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      this.#wake = end;
      signal?.addEventListener('abort', end, { once: true });
    });
    this.#wake = undefined;
  }
}

/** Thrown when a shard has gone back by itself, so that all others follow. */
export class CodeFault extends Error {}

/** @throws CodeFault when a shard has told of a fault */
export function throwFault({ faults }: { readonly faults: FaultInbox }): void {
  if (faults.first) throw new CodeFault('new code has crashed');
}

export function faultReport(fault: NativeFault, packetsLost: number): FaultReport {
  const { shard, element, className, version, backtrace, recoveryNs, packetLength, packetHead } = fault;
  return {
    shard,
    kind: fault.signal === '' ? 'loop' : fault.signal,
    address: `0x${fault.address.toString(16)}`,
    element,
    className,
    version,
    backtrace,
    recoveryNs,
    ...(packetsLost < 0 ? {} : { packetsLost }),
    ...(packetLength > 0
      ? { packet: { length: packetLength, head: Buffer.from(packetHead).toString('hex') } }
      : {}),
  };
}

/** What the user is told. `again` is the revision that runs again. */
export function faultError(report: FaultReport, loopLimit: number, again: number): HotclickError {
  const { element, className, version, shard, kind, address, backtrace, packetsLost, packet } = report;
  const who =
    className === '' ? 'new code' : `${element === '' ? '' : `${element} :: `}${className} ${version}`;
  const what =
    kind === 'loop'
      ? `did not come to its end within ${loopLimit} ms`
      : `raised ${kind} at address ${address}`;
  const lost = packetsLost === undefined ? '' : `, ${packetsLost} packets were lost with it`;
  const lines = [
    `${who} ${what} in shard ${shard}; every shard runs revision ${again} again${lost}`,
    ...backtrace.map((frame) => `    at ${frame}`),
    ...(packet ? [`  with a packet of ${packet.length} bytes: ${packet.head}`] : []),
  ];
  return new HotclickError('HC_UPGRADE_FAULT', lines.join('\n'), { details: { fault: report } });
}
