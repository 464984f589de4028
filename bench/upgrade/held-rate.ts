/** Finds out at which rate nothing is lost as long as nothing is changed (RFC 6201; FD.io CSIT, Reconf). */
import type { UdpStream } from '../lab/udp-stream.ts';

/** Parts of the wanted rate that are tried one after the other. */
const parts = [1, 0.8, 0.6, 0.45, 0.3, 0.2, 0.1, 0.05, 0.02];
/** A loss that does not happen again was the machine's. */
const triesOfRate = 3;

export interface HeldRate {
  /** Packets/s. */
  readonly rate: number;
  readonly stream: UdpStream;
  /** Packets lost in the last trial; not 0 when even the lowest rate loses some. */
  readonly lost: number;
}

/** `start` begins a stream, `trial` is how long each is watched, ms. The returned stream goes on. */
export async function findHeldRate(
  wanted: number,
  trial: number,
  start: (rate: number) => Promise<UdpStream>,
  say: (text: string) => void,
): Promise<HeldRate> {
  for (const part of parts) {
    const rate = Math.max(1, Math.round(wanted * part));
    const stream = await start(rate);
    for (let tried = 1; ; ++tried) {
      const lost = await lostWithin(stream, trial);
      if (lost === 0 || (tried === triesOfRate && part === parts.at(-1))) return { rate, stream, lost };
      say(`${lost} lost at ${rate} packets/s without a change`);
      if (tried === triesOfRate) break;
    }
    await stream.stop();
  }
  throw new RangeError('unreachable: the last part always returns');
}

/** What the sink itself had no room for is not lost on the way. */
async function lostWithin(stream: UdpStream, ms: number): Promise<number> {
  await stream.mark('before trial');
  await new Promise((done) => setTimeout(done, ms));
  const { missing, socketDrops, packets } = await stream.mark('trial');
  return packets === 0 ? Number.POSITIVE_INFINITY : Math.max(0, missing - socketDrops);
}
