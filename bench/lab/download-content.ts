/**
 * The endless content of the downloads. Every byte follows from the number of the download and its offset, so a
 * receiver can check each of them: a byte that was lost, doubled, moved or taken from another download shows.
 */

/** A prime, so that no segment or chunk size makes a moved piece look right. */
const patternLength = 65_521;

const pattern = makePattern();

/** Bytes `offset` to `offset + length` of a download, as views into the pattern. */
export function* contentPieces(download: number, offset: number, length: number): Generator<Buffer> {
  // 7,919 is a prime too: no two of the first 65,521 downloads begin at the same place.
  let at = (offset + download * 7919) % patternLength;
  for (let left = length; left > 0; ) {
    const size = Math.min(left, patternLength - at);
    yield pattern.subarray(at, at + size);
    left -= size;
    at = 0;
  }
}

/** Whether `data` is what the download holds at `offset`. */
export function isContent(download: number, offset: number, data: Buffer): boolean {
  let done = 0;
  for (const piece of contentPieces(download, offset, data.length)) {
    if (data.compare(piece, 0, piece.length, done, done + piece.length) !== 0) return false;
    done += piece.length;
  }
  return true;
}

/** xorshift32 bytes: no period short enough to be mistaken for another place. */
function makePattern(): Buffer {
  const bytes = Buffer.alloc(patternLength);
  let state = 0x9e3779b9;
  for (let i = 0; i < patternLength; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state & 0xff;
  }
  return bytes;
}
