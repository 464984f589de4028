/** Captures that the soak replays: those of a directory, or made ones, and what the firewall must make of them. */
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { icmp, ipv4, ipv4Tcp, ipv4Udp } from '../../engine/testing/frames.ts';
import { readCapture, writeCapture } from './capture-file.ts';
import type { Random } from './random.ts';

export interface Capture {
  readonly file: string;
  readonly packets: number;
  /** UDP conversations that must be known when it has been replayed: 'source:port>destination:port'. */
  readonly conversations: ReadonlySet<string>;
}

const madeCaptures = 4;
const madePackets = 2000;

/** @throws Error when the directory has no capture that can be read */
export async function findCaptures(directory: string): Promise<Capture[]> {
  const files = readdirSync(directory)
    .filter((name) => /\.(pcap|cap|pcapng|dump)$/.test(name))
    .map((name) => join(directory, name));
  const captures: Capture[] = [];
  for (const file of files) {
    const frames = readCapture(await readFile(file));
    if (frames && frames.length > 0) captures.push(describeCapture(file, frames));
  }
  if (captures.length === 0) throw new Error(`${directory} has no Ethernet capture that can be read`);
  return captures;
}

/** Packets of many kinds, some of which nobody should send. */
export async function makeCaptures(directory: string, random: Random): Promise<Capture[]> {
  const captures: Capture[] = [];
  for (let number = 0; number < madeCaptures; ++number) {
    const frames = Array.from({ length: madePackets }, () => makeFrame(random));
    const file = join(directory, `made${number}.pcap`);
    await writeFile(file, writeCapture(frames));
    captures.push(describeCapture(file, frames));
  }
  return captures;
}

function makeFrame(random: Random): Uint8Array {
  const address = () => `10.${7 + random.below(2)}.0.${1 + random.below(50)}`;
  const ends = {
    src: address(),
    dst: address(),
    sport: 1 + random.below(2000),
    dport: 1 + random.below(100),
    payload: random.bytes(random.below(200)),
  };
  const frame = random.weighted<() => Uint8Array>([
    { weight: 6, choice: () => ipv4Udp(ends) },
    {
      weight: 4,
      choice: () => ipv4Tcp({ ...ends, flags: random.pick(['S', 'A', 'SA', 'FA', 'R', 'PA', 'SFR', '']) }),
    },
    { weight: 1, choice: () => icmp({ ...ends, type: random.below(20) }) },
    {
      weight: 1,
      choice: () => ipv4({ ...ends, protocol: random.below(256) }, random.bytes(random.below(60))),
    },
    {
      weight: 1,
      choice: () => ipv4({ ...ends, protocol: 17, fragment: random.below(0x4000) }, random.bytes(40)),
    },
    { weight: 1, choice: () => random.bytes(14 + random.below(100)) },
  ])();
  // One in twenty is cut or has a wrong byte.
  if (random.below(20) === 0) return frame.subarray(0, 14 + random.below(frame.length - 13));
  if (random.below(20) === 0) frame[14 + random.below(frame.length - 14)] = random.below(256);
  return frame;
}

function describeCapture(file: string, frames: readonly Uint8Array[]): Capture {
  const conversations = new Set<string>();
  for (const frame of frames) {
    const conversation = udpConversation(frame);
    if (conversation !== undefined) conversations.add(conversation);
  }
  return { file, packets: frames.length, conversations };
}

/** The conversation of a whole, well-formed UDP datagram over IPv4; undefined for everything else. */
export function udpConversation(frame: Uint8Array): string | undefined {
  if (frame.length < 42) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const header = (frame[14]! & 15) * 4;
  const total = view.getUint16(16);
  const isUdp = frame[14]! >> 4 === 4 && frame[23] === 17; // MarkIPHeader(14) does not ask for the Ethernet type
  if (!isUdp || header < 20 || total < header + 8 || 14 + total > frame.length) return undefined;
  if ((view.getUint16(20) & 0x3fff) !== 0) return undefined; // a fragment
  const at = 14 + header;
  const length = view.getUint16(at + 4);
  if (length < 8 || length > total - header) return undefined;
  const address = (offset: number) => frame.subarray(offset, offset + 4).join('.');
  return `${address(26)}:${view.getUint16(at)}>${address(30)}:${view.getUint16(at + 2)}`;
}
