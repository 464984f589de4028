/**
 * The three codes by which an element class describes its ports: how many there are, which are push or pull, and
 * how packets flow inside. Source: Click's documentation of Element::port_count, processing and flow_code.
 */

/** Port numbers above this are taken for slips: an element has one slot for each port. */
export const highestPort = 65_535;

export type Processing = 'push' | 'pull' | 'agnostic';

export interface PortCounts {
  readonly inputs: number;
  readonly outputs: number;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * Ports an element has when its connections use the given numbers of them. What is used above the limit is not
 * there, and what is needed below it is there without being used.
 * @param code `1/1`, `1/1-2`, `-/-`, `2-/=` (as many outputs as inputs), `1/=+` (one more), `3` (both sides).
 * @returns undefined when the code is malformed.
 */
export function countPorts(code: string, used: PortCounts): PortCounts | undefined {
  const [inputCode = '', outputCode = inputCode, ...more] = code.split('/');
  const inputRange = readRange(inputCode);
  if (inputRange === undefined || more.length > 0) {
    return undefined;
  }
  const inputs = clamp(used.inputs, inputRange);
  const equal = /^=(\+*)$/.exec(outputCode);
  if (equal !== null) {
    return { inputs, outputs: inputs + equal[1]!.length };
  }
  const outputRange = readRange(outputCode);
  return outputRange === undefined ? undefined : { inputs, outputs: clamp(used.outputs, outputRange) };
}

function readRange(code: string): Range | undefined {
  const parts = /^([0-9]*)(-?)([0-9]*)$/.exec(code);
  if (parts === null || code === '' || (parts[1] === '' && parts[2] === '')) {
    return undefined;
  }
  const low = parts[1] === '' ? 0 : Number(parts[1]);
  if (low > highestPort) {
    return undefined;
  }
  if (parts[2] === '') {
    return { low, high: low };
  }
  return { low, high: parts[3] === '' ? Number.POSITIVE_INFINITY : Number(parts[3]) };
}

function clamp(value: number, { low, high }: Range): number {
  return Math.min(Math.max(value, low), high);
}

const processingNames: ReadonlyMap<string, Processing> = new Map([
  ['h', 'push'],
  ['l', 'pull'],
  ['a', 'agnostic'],
]);

/** Ready-made codes, by the names they are known under. */
const processingWords: ReadonlyMap<string, string> = new Map([
  ['push', 'h/h'],
  ['pull', 'l/l'],
  ['agnostic', 'a/a'],
  ['push/pull', 'h/l'],
  ['pull/push', 'l/h'],
]);

/**
 * What each port is: one letter per port, `h` push, `l` pull, `a` agnostic; the last letter holds for all further
 * ports. `a/ah`, `h/lh`, `l`; also the words `push`, `pull`, `agnostic`, `push/pull`, `pull/push`.
 * @returns undefined when the code is malformed.
 */
export function readProcessing(
  code: string,
  counts: PortCounts,
): { inputs: Processing[]; outputs: Processing[] } | undefined {
  const letters = processingWords.get(code) ?? code;
  const [inputCode = '', outputCode = inputCode, ...more] = letters.toLowerCase().split('/');
  const valid = /^[hla]*$/;
  if (!valid.test(inputCode) || !valid.test(outputCode) || more.length > 0) {
    return undefined;
  }
  const side = (text: string, count: number): Processing[] =>
    Array.from({ length: count }, (_, port) => processingNames.get(text[port] ?? text.at(-1) ?? 'a')!);
  return { inputs: side(inputCode, counts.inputs), outputs: side(outputCode, counts.outputs) };
}

/** The letters of one port, `#` among them; `isNot`: all letters but these. */
interface FlowSet {
  readonly letters: ReadonlySet<string>;
  readonly isNot: boolean;
}

/**
 * Pairs of ports between which packets flow inside an element. Not all of them: enough that ports which are tied to
 * each other at all are tied by the pairs, so that elements with thousands of ports stay cheap.
 * @param code `x/x`, `xy/x`, `#/#` (same number), `#/[^#]` (any other number), `xy/[xy]x`.
 * @returns undefined when the code is malformed.
 */
export function flowPairs(
  code: string,
  inputs: readonly number[],
  outputs: readonly number[],
): [input: number, output: number][] | undefined {
  const [inputCode = '', outputCode = inputCode, ...more] = code.split('/');
  const inputSets = readFlowSets(inputCode);
  const outputSets = readFlowSets(outputCode);
  if (inputSets === undefined || outputSets === undefined || more.length > 0) {
    return undefined;
  }
  // The last code of a side holds for all further ports.
  const portsOf = (sets: readonly FlowSet[], ports: readonly number[], index: number) =>
    ports.filter((port) => Math.min(port, sets.length - 1) === index);
  return inputSets.flatMap((from, fromIndex) =>
    outputSets.flatMap((to, toIndex) =>
      pairsOf(from, portsOf(inputSets, inputs, fromIndex), to, portsOf(outputSets, outputs, toIndex)),
    ),
  );
}

function pairsOf(
  from: FlowSet,
  inputs: readonly number[],
  to: FlowSet,
  outputs: readonly number[],
): [input: number, output: number][] {
  const sameNumber = flowsMeet(from, to, true);
  const otherNumber = flowsMeet(from, to, false);
  if (!otherNumber) {
    return sameNumber ? inputs.filter((port) => outputs.includes(port)).map((port) => [port, port]) : [];
  }
  if (inputs.length * outputs.length <= mostPairs) {
    return inputs.flatMap((input) =>
      outputs
        .filter((output) => sameNumber || input !== output)
        .map((output): [number, number] => [input, output]),
    );
  }
  return [
    ...inputs.map((input): [number, number] => [input, outputs[0]!]),
    ...outputs.map((output): [number, number] => [inputs[0]!, output]),
  ];
}

/** Up to here all pairs are listed; they make better messages. */
const mostPairs = 256;

function readFlowSets(code: string): FlowSet[] | undefined {
  const sets: FlowSet[] = [];
  const pattern = /([A-Za-z#])|\[(\^?)([A-Za-z#]*)\]/y;
  while (pattern.lastIndex < code.length) {
    const match = pattern.exec(code);
    if (match === null) {
      return undefined;
    }
    sets.push({ letters: new Set(match[1] ?? match[3]), isNot: match[2] === '^' });
  }
  return sets.length > 0 ? sets : undefined;
}

/** A `#` stands for the port's own number, and meets only the same number on the other side. */
function flowsMeet(from: FlowSet, to: FlowSet, isSameNumber: boolean): boolean {
  const letters = [...from.letters, ...to.letters].filter((letter) => letter !== '#');
  const outputNumber = isSameNumber ? '#in' : '#out';
  // A letter that neither side names stands for all of those.
  const candidates = [...letters, 'unnamed', '#in', outputNumber];
  const has = ({ letters: own, isNot }: FlowSet, number: string, letter: string) =>
    own.has(letter === number ? '#' : letter) !== isNot;
  return candidates.some((letter) => has(from, '#in', letter) && has(to, outputNumber, letter));
}
