/** Two versions of an element beside each other: both are given the same batches at the same times. */
import type { NativeReplay, ReplayOutcome } from '../../datapath/addon.ts';
import type { OutcomeReport, ShadowDifference } from '../../engine-types.ts';
import { type CapturedEvent, frameOf } from './capture-format.ts';
import { compareOutcomes, describe, type ReplayedPacket } from './compare.ts';
import { allows, type Difference, type ExpectRule } from './expect-rules.ts';

export interface ComparedElement {
  readonly element: string;
  readonly className: string;
  readonly shard: number;
}

export interface ComparisonResult {
  readonly packets: number;
  readonly differences: number;
  readonly allowed: number;
  /** The first that no rule allows. */
  readonly first: readonly ShadowDifference[];
}

/** Differing packets that are shown in full. */
const mostShown = 3;

/** A packet whose end is not known to be the same. */
interface OpenPacket {
  readonly event: CapturedEvent;
  readonly index: number;
  readonly before: ReplayOutcome[];
  readonly after: ReplayOutcome[];
}

export class Comparison {
  readonly #subject: ComparedElement;
  readonly #old: NativeReplay;
  readonly #next: NativeReplay;
  readonly #rules: readonly ExpectRule[];
  readonly #open = new Map<number, OpenPacket>();
  readonly #first: ShadowDifference[] = [];
  #packets = 0;
  #differences = 0;
  #allowed = 0;

  constructor(
    subject: ComparedElement,
    versions: { readonly old: NativeReplay; readonly next: NativeReplay },
    rules: readonly ExpectRule[],
  ) {
    this.#subject = subject;
    this.#old = versions.old;
    this.#next = versions.next;
    this.#rules = rules;
  }

  /** @param progress told who is about to handle which packet: it may be the last that is heard */
  feed(event: CapturedEvent, progress: (version: 'old' | 'new', packet: number) => void): void {
    const first = this.#packets + 1;
    this.#packets += event.packets;
    for (let index = 0; index < event.packets; ++index)
      this.#open.set(first + index, { event, index, before: [], after: [] });
    progress('old', first);
    const before = this.#old.replay(event.bytes, first);
    progress('new', first);
    const after = this.#next.replay(event.bytes, first);
    const touched = new Set<number>();
    for (const outcome of before) if (this.#note(outcome, 'before')) touched.add(outcome.id);
    for (const outcome of after) if (this.#note(outcome, 'after')) touched.add(outcome.id);
    for (const id of touched) {
      const packet = this.#open.get(id)!;
      if (packet.before.length === 0 || packet.after.length === 0) continue;
      if (compareOutcomes(packet.before, packet.after).length === 0) this.#open.delete(id);
    }
    this.#compareMade(event, first, before, after);
  }

  /** What is still open now has come to another end, or to none. */
  end(): ComparisonResult {
    for (const [id, packet] of this.#open) {
      const differences = compareOutcomes(packet.before, packet.after);
      if (differences.length > 0) this.#judge(id, packet, differences);
    }
    this.#open.clear();
    return {
      packets: this.#packets,
      differences: this.#differences,
      allowed: this.#allowed,
      first: this.#first,
    };
  }

  #note(outcome: ReplayOutcome, version: 'before' | 'after'): boolean {
    const packet = this.#open.get(outcome.id);
    packet?.[version].push(outcome);
    return packet !== undefined;
  }

  /** Packets that the element made itself: errors, requests, answers. */
  #compareMade(
    event: CapturedEvent,
    id: number,
    before: readonly ReplayOutcome[],
    after: readonly ReplayOutcome[],
  ): void {
    const made = (outcomes: readonly ReplayOutcome[]) => outcomes.filter((one) => one.id === 0);
    const packet = { event, index: 0, before: made(before), after: made(after) };
    const differences = compareOutcomes(packet.before, packet.after);
    if (differences.length === 0) return;
    const text = `made by the element: ${differences.map((one) => one.text).join(', ')}`;
    this.#judge(id, packet, [{ kind: 'made', what: '', text }]);
  }

  #judge(id: number, packet: OpenPacket, differences: readonly Difference[]): void {
    const refused = differences.filter(
      (one) => !this.#rules.some((rule) => allows(rule, this.#subject, one)),
    );
    if (refused.length === 0) {
      ++this.#allowed;
      return;
    }
    ++this.#differences;
    if (this.#first.length >= mostShown) return;
    const { event, index, before, after } = packet;
    this.#first.push({
      ...this.#subject,
      packet: id,
      input: event.port,
      frame: event.packets > 0 ? hex(frameOf(event, index)) : '',
      differences: refused.map(({ text }) => text),
      before: before.map(report),
      after: after.map(report),
    });
  }
}

function report(outcome: ReplayOutcome): OutcomeReport {
  const frame = outcome.kind === 'drop' ? undefined : (outcome.packet as ReplayedPacket).data;
  return { what: describe(outcome), ...(frame ? { frame: hex(frame) } : {}) };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
