/**
 * Captured packets as the datapath writes them: for each a size (u32), then native/core/packet_capture.hh:
 * CapturedPacket, then the bytes of its frame and of headers stripped from it. Little endian.
 */

/** One batch that an element was given, or one request for packets. */
export interface CapturedEvent {
  readonly kind: 'pushed' | 'supplied' | 'asked';
  readonly port: number;
  /** Monotonic ns of the shard. */
  readonly now: bigint;
  /** 0 for 'asked'. */
  readonly packets: number;
  readonly bytes: Uint8Array;
}

const kinds = ['pushed', 'supplied', 'asked'] as const;
const headSize = 192;
const sizeOfSize = 4;
// In CapturedPacket, and in its hc_packet at 64.
const at = { now: 0, kind: 8, port: 10, index: 12, start: 16, data: 64, buffer: 72, length: 80 };

/** The events in what takeMirrored() gave. Bytes of an entry that is not whole are left out. */
export function* eventsOf(bytes: Uint8Array): Generator<CapturedEvent> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let begin = 0;
  let end = 0;
  let packets = 0;
  const event = (): CapturedEvent => {
    const head = begin + sizeOfSize;
    const kind = kinds[view.getUint16(head + at.kind, true)] ?? 'pushed';
    return {
      kind,
      port: view.getUint16(head + at.port, true),
      now: view.getBigUint64(head + at.now, true),
      packets: kind === 'asked' ? 0 : packets,
      bytes: bytes.subarray(begin, end),
    };
  };
  while (end + sizeOfSize <= bytes.length) {
    const size = view.getUint32(end, true);
    if (size < headSize || end + sizeOfSize + size > bytes.length) break;
    // The first of its batch; batches of which the beginning was missed go on as what they are.
    const first = view.getUint16(end + sizeOfSize + at.index, true) === 0;
    if (first && packets > 0) {
      yield event();
      begin = end;
      packets = 0;
    }
    end += sizeOfSize + size;
    ++packets;
  }
  if (packets > 0) yield event();
}

/** The frame of one packet of an event. */
export function frameOf({ bytes }: CapturedEvent, index: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let head = sizeOfSize;
  for (let i = 0; i < index; ++i) head += view.getUint32(head - sizeOfSize, true) + sizeOfSize;
  const headroom = Number(
    view.getBigUint64(head + at.data, true) - view.getBigUint64(head + at.buffer, true),
  );
  const from = head + headSize + headroom - view.getUint32(head + at.start, true);
  return bytes.subarray(from, from + view.getUint32(head + at.length, true));
}
