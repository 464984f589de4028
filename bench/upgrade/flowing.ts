/** Waits for traffic to stop and to flow, as the sink sees it. */
import { setTimeout as delay } from 'node:timers/promises';
import { HotclickError } from '../../engine/errors.ts';
import type { UdpStream } from '../lab/udp-stream.ts';

const look = 10;
/** Looks without a packet that are an outage, and with packets that are its end. */
const looksOfSilence = 20;
const looksOfFlow = 2;

/** @throws HotclickError HC_LAB when it still flows after `patience` ms */
export function untilSilent(stream: UdpStream, patience: number): Promise<void> {
  return untilLooks(stream, patience, looksOfSilence, (more) => more === 0, 'no outage came');
}

/** @throws HotclickError HC_LAB when nothing flows after `patience` ms */
export function untilFlowing(stream: UdpStream, patience: number): Promise<void> {
  return untilLooks(stream, patience, looksOfFlow, (more) => more > 0, 'no packet comes through any more');
}

async function untilLooks(
  stream: UdpStream,
  patience: number,
  wanted: number,
  good: (more: number) => boolean,
  failure: string,
): Promise<void> {
  const deadline = performance.now() + patience;
  let { packets: before } = await stream.report();
  for (let seen = 0; seen < wanted; ) {
    if (performance.now() > deadline) throw new HotclickError('HC_LAB', `${failure} within ${patience} ms`);
    await delay(look);
    const { packets } = await stream.report();
    seen = good(packets - before) ? seen + 1 : 0;
    before = packets;
  }
}
