/** What became of one packet in two versions, and in what ways that differs. */
import type { ReplayOutcome } from '../../datapath/addon.ts';
import type { Difference } from './expect-rules.ts';
import { headerFields } from './header-fields.ts';

/** A packet as a replay gives it. */
export interface ReplayedPacket {
  readonly data: Uint8Array;
  readonly paint: number;
  readonly packetType: number;
  readonly vlanTci?: number;
  readonly destination: string;
  /** Negative when the header was stripped. */
  readonly networkOffset?: number;
  readonly transportOffset?: number;
  readonly timestamp: bigint;
  readonly aggregate: number;
  readonly fixIpSource: number;
  readonly icmpParameter: number;
}

const annotations = [
  'paint',
  'packetType',
  'vlanTci',
  'destination',
  'networkOffset',
  'transportOffset',
  'timestamp',
  'aggregate',
  'fixIpSource',
  'icmpParameter',
] as const;

/** All that became of one packet; nothing at all is an end too (it waits, or was swallowed by both). */
export function compareOutcomes(
  before: readonly ReplayOutcome[],
  after: readonly ReplayOutcome[],
): Difference[] {
  const differences: Difference[] = [];
  for (let i = 0; i < Math.max(before.length, after.length); ++i) {
    const [one, other] = [before[i], after[i]];
    if (one && other) differences.push(...compareOne(one, other));
    else if (one) differences.push({ kind: 'missing', what: '', text: `missing: ${describe(one)}` });
    else if (other) differences.push({ kind: 'extra', what: '', text: `extra: ${describe(other)}` });
  }
  return differences;
}

/** 'output 1', 'dropped: no rule', 'shard 2'. */
export function describe(outcome: ReplayOutcome): string {
  return outcome.kind === 'drop' ? `dropped: ${outcome.reason}` : placeOf(outcome);
}

function placeOf({ kind, port }: Exclude<ReplayOutcome, { kind: 'drop' }>): string {
  return kind === 'out' ? `output ${port}` : `shard ${port}`;
}

function compareOne(before: ReplayOutcome, after: ReplayOutcome): Difference[] {
  if (after.kind === 'drop') {
    if (before.kind === 'drop' && before.reason === after.reason) return [];
    return [{ kind: 'drop', what: after.reason, text: `${describe(before)}, now dropped: ${after.reason}` }];
  }
  if (before.kind === 'drop') {
    return [{ kind: 'pass', what: before.reason, text: `dropped: ${before.reason}, now ${placeOf(after)}` }];
  }
  const differences = comparePackets(before.packet as ReplayedPacket, after.packet as ReplayedPacket);
  if (before.kind === after.kind && before.port === after.port) return differences;
  const [from, to] = [before, after].map((one) => placeOf(one).replace(/^output /, ''));
  return [{ kind: 'port', what: `${from} -> ${to}`, text: `port ${from} -> ${to}` }, ...differences];
}

function comparePackets(before: ReplayedPacket, after: ReplayedPacket): Difference[] {
  const differences: Difference[] = [];
  for (const name of annotations) {
    const [one, other] = [before[name], after[name]].map((value) => String(value ?? 'none'));
    if (one !== other)
      differences.push({ kind: 'annotation', what: name, text: `annotation ${name}: ${one} -> ${other}` });
  }
  if (Buffer.compare(before.data, after.data) === 0) return differences;
  return [...differences, ...compareFrames(before, after)];
}

function compareFrames(before: ReplayedPacket, after: ReplayedPacket): Difference[] {
  const one = headerFields(before.data, before.networkOffset);
  const other = headerFields(after.data, after.networkOffset);
  const differences: Difference[] = [];
  for (const name of new Set([...one.keys(), ...other.keys()])) {
    const [was, is] = [one.get(name) ?? 'none', other.get(name) ?? 'none'];
    if (was !== is)
      differences.push({ kind: 'field', what: name, text: `${name}: ${short(was)} -> ${short(is)}` });
  }
  // Bytes that are no field here: reserved bits, or both ways to write a checksum of zero.
  if (differences.length === 0) differences.push({ kind: 'field', what: 'bytes', text: 'other bytes' });
  return differences;
}

function short(value: string): string {
  return value.length > 64 ? `${value.slice(0, 64)}…` : value;
}
