/** What is said to a holder; native/holder/protocol.hh has the same. */

export const operations = {
  own: 1,
  put: 2,
  take: 3,
  clear: 4,
  status: 5,
  stop: 6,
  part: 16,
  done: 17,
  refused: 18,
} as const;

export type Operation = keyof typeof operations;

const magic = 0x01434848;
const headerBytes = 16;

export function encodeRequest(operation: Operation, count = 0, first = 0): Uint8Array {
  return new Uint8Array(Uint32Array.of(magic, operations[operation], count, first).buffer);
}

export interface Answer {
  readonly operation: Operation | undefined;
  /** Files in all. */
  readonly count: number;
  readonly text: string;
}

/** Undefined when it is not a holder's. */
export function decodeAnswer(data: Buffer): Answer | undefined {
  if (data.length < headerBytes || data.readUInt32LE(0) !== magic) return undefined;
  const number = data.readUInt32LE(4);
  return {
    operation: (Object.keys(operations) as Operation[]).find((name) => operations[name] === number),
    count: data.readUInt32LE(8),
    text: data.subarray(headerBytes).toString(),
  };
}
