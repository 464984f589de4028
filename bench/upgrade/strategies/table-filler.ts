/**
 * Fills a table of connections through the datapath: one UDP packet for each of many, from addresses that nobody else
 * has to one that nobody answers for.
 */
import { HotclickError } from '../../../engine/errors.ts';
import type { NetworkLab } from '../../lab/network-lab.ts';
import { builtUdpPrograms } from '../../lab/udp-programs.ts';

/** A small part at a time: one of which a packet was lost or left out is sent again as a whole. */
const connectionsOfAddress = 20_000;
const firstPort = 1024;
const firstHost = 10;
/** Packets/s that two shards take without loss on slow machines too. */
const usualRate = 200_000;
const slowestRate = 5000;
const mostTries = 50;

export interface FillOptions {
  /** An address on the server's side that nobody answers for. */
  readonly target: string;
  /** How many connections are known now. */
  readonly known: () => Promise<number>;
  /** Packets/s at first. */
  readonly rate?: number;
}

/** Connections that differ in their port only. */
export interface Part {
  readonly address: string;
  readonly flows: number;
}

export function partsOf(records: number): Part[] {
  const parts: Part[] = [];
  for (let done = 0; done < records; done += connectionsOfAddress) {
    const flows = Math.min(connectionsOfAddress, records - done);
    parts.push({ address: `10.1.0.${firstHost + parts.length}`, flows });
  }
  return parts;
}

/** Returns once `records` more connections are known than before. @throws HotclickError HC_LAB */
export async function fillTable(lab: NetworkLab, options: FillOptions, records: number): Promise<void> {
  for (const part of partsOf(records)) await sendUntilKnown(lab, options, part);
}

/** Sends a packet of each connection, again and again until all are known: slower each time, down to some limit. */
async function sendUntilKnown(lab: NetworkLab, options: FillOptions, part: Part): Promise<void> {
  const before = await options.known();
  let { rate = usualRate } = options;
  for (let tried = 0; tried < mostTries; ++tried) {
    await send(lab, options.target, rate, part);
    if ((await knownWhenQuiet(options)) - before >= part.flows) return;
    rate = Math.max(Math.min(rate, slowestRate), rate / 2);
  }
  throw new HotclickError('HC_LAB', `of ${part.flows} packets some are lost again and again`);
}

async function send(lab: NetworkLab, target: string, rate: number, { address, flows }: Part): Promise<void> {
  const next = lab.mode === 'bridge' ? lab.server.mac : lab.engine.clientSide.mac;
  await lab.exec('client', [
    builtUdpPrograms().generator,
    ...['--source', `${address}:${firstPort}`, '--target', `${target}:9`, '--json'],
    ...['--rate', `${rate}`, '--duration', `${flows / rate}`, '--flows', `${flows}`],
    // Every one is wanted, however late.
    ...['--catch-up', '60'],
    ...['--raw', lab.client.device, '--src-mac', lab.client.mac, '--dst-mac', next],
  ]);
}

/** When what is under way has been handled. */
async function knownWhenQuiet({ known }: FillOptions): Promise<number> {
  for (let last = -1; ; ) {
    const now = await known();
    if (now === last) return now;
    last = now;
    await new Promise((done) => setTimeout(done, 20));
  }
}
