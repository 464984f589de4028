/** A test vector as calls of a harness, and what their results say. */

import type { BenchStep } from './trial-requests.ts';
import type { VectorPacket, VectorStep } from './vector-file.ts';

/** One call, and what is wrong with its result; undefined when nothing is. */
export interface CheckedCall {
  readonly call: BenchStep;
  readonly check: (result: unknown) => string | undefined;
  /** Where it stands in the file. */
  readonly at: string;
}

/** A packet as the harness gives it. */
type GivenPacket = Readonly<Record<string, unknown>> & { readonly data: Uint8Array };

const batch = 256;
const anything = () => undefined;

export function callsOf(step: VectorStep): CheckedCall[] {
  const one = (call: BenchStep, check: CheckedCall['check'] = anything): CheckedCall[] => [
    { call, check, at: step.at },
  ];
  switch (step.kind) {
    case 'push':
    case 'supply': {
      const packets = step.packets.map(({ data, annotations }) => ({
        data: data ?? new Uint8Array(),
        ...annotations,
      }));
      const batches = Math.ceil(packets.length / batch);
      return Array.from({ length: batches }, (_, i) =>
        one([step.kind, step.port, packets.slice(i * batch, (i + 1) * batch)]),
      ).flat();
    }
    case 'output':
      return one(['output', step.port], (given) =>
        comparePackets(`output ${step.port}`, given, step.packets),
      );
    case 'pull':
      return one(['pull', step.port, step.max], (given) =>
        comparePackets(`a pull from output ${step.port}`, given, step.packets),
      );
    case 'advance':
      return one(['advance', step.ms]);
    case 'run':
      return one(['run', step.times]);
    case 'write':
      return one(['handler', step.handler, step.value]);
    case 'read':
      return one(['handler', step.handler, null], (given) => compareText(step, String(given)));
    case 'drops':
      return one(['drops'], (given) => compareDrops(given as Record<string, number>, step.drops));
    case 'prints':
      return one(['printed'], (given) => compareLines(given as string[], step.lines));
  }
}

function comparePackets(
  what: string,
  result: unknown,
  expected: readonly VectorPacket[],
): string | undefined {
  const given = result as GivenPacket[];
  if (given.length !== expected.length) {
    return `${what} gave ${given.length} packets instead of ${expected.length}`;
  }
  for (const [i, packet] of given.entries()) {
    const difference = comparePacket(packet, expected[i]!);
    if (difference !== undefined) return `packet ${i} of ${what}: ${difference}`;
  }
  return undefined;
}

function comparePacket(given: GivenPacket, { data, annotations }: VectorPacket): string | undefined {
  for (const [name, wanted] of Object.entries(annotations)) {
    if (given[name] !== wanted) return `${name} is ${String(given[name])} instead of ${wanted}`;
  }
  if (data === undefined) return undefined;
  if (given.data.length !== data.length) return `${given.data.length} bytes instead of ${data.length}`;
  const at = data.findIndex((byte, i) => byte !== given.data[i]);
  return at < 0 ? undefined : `byte ${at} is ${hex(given.data[at]!)} instead of ${hex(data[at]!)}`;
}

function compareText(
  { handler, is, matches }: Extract<VectorStep, { kind: 'read' }>,
  given: string,
): string | undefined {
  if (is !== undefined) return given === is ? undefined : `${handler} is '${given}' instead of '${is}'`;
  return new RegExp(matches!).test(given)
    ? undefined
    : `${handler} is '${given}', which does not match ${matches}`;
}

/** Reasons that are not named must not have occurred. */
function compareDrops(
  given: Readonly<Record<string, number>>,
  expected: Readonly<Record<string, number>>,
): string | undefined {
  for (const reason of new Set([...Object.keys(expected), ...Object.keys(given)])) {
    const [is, wanted] = [given[reason] ?? 0, expected[reason] ?? 0];
    if (is !== wanted) return `${is} packets were dropped for '${reason}' instead of ${wanted}`;
  }
  return undefined;
}

function compareLines(given: readonly string[], expected: readonly string[]): string | undefined {
  const text = given.join('\n');
  return text === expected.join('\n')
    ? undefined
    : `it printed '${text}' instead of '${expected.join('\n')}'`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
