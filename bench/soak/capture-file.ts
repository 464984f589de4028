/** Classic capture files (pcap) of Ethernet frames, as far as the soak needs them. */

const magics = [0xa1b2c3d4, 0xa1b23c4d];
const ethernet = 1;
const headerSize = 24;
const recordSize = 16;

/** The frames that were captured whole; undefined when it is another kind of file. */
export function readCapture(bytes: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < headerSize) return undefined;
  const little = magics.includes(view.getUint32(0, true));
  if (!little && !magics.includes(view.getUint32(0))) return undefined;
  if ((view.getUint32(20, little) & 0xffff) !== ethernet) return undefined;
  const frames: Uint8Array[] = [];
  for (let at = headerSize; at + recordSize <= bytes.length; ) {
    const captured = view.getUint32(at + 8, little);
    at += recordSize;
    if (at + captured > bytes.length) break;
    frames.push(bytes.subarray(at, at + captured));
    at += captured;
  }
  return frames;
}

export function writeCapture(frames: readonly Uint8Array[]): Uint8Array {
  const size = headerSize + frames.reduce((sum, { length }) => sum + recordSize + length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magics[0]!, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, 65_535, true);
  view.setUint32(20, ethernet, true);
  let at = headerSize;
  frames.forEach((frame, i) => {
    view.setUint32(at, Math.floor(i / 1000), true);
    view.setUint32(at + 4, (i % 1000) * 1000, true);
    view.setUint32(at + 8, frame.length, true);
    view.setUint32(at + 12, frame.length, true);
    bytes.set(frame, at + recordSize);
    at += recordSize + frame.length;
  });
  return bytes;
}
