/**
 * Fills the firewall's table through the datapath: one UDP packet for each of many connections, from addresses that
 * nobody else has to one that nobody answers for.
 */
import type { EngineControl } from '../../../engine/engine-types.ts';
import { HotclickError } from '../../../engine/errors.ts';
import type { NetworkLab } from '../../lab/network-lab.ts';
import { builtUdpPrograms } from '../../lab/udp-programs.ts';

/** A small part at a time: one of which a packet was lost or left out is sent again as a whole. */
const connectionsOfAddress = 20_000;
const firstPort = 1024;
const firstHost = 10;
const nobody = '10.1.0.250';
/** Packets/s that two shards take without loss on slow machines too. */
const rate = 200_000;
const mostTries = 50;

/** What can be asked how many connections it knows. */
export type Countable = Pick<EngineControl, 'read'>;

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

/** Returns once the firewall knows `records` more connections than before. @throws HotclickError HC_LAB */
export async function fillTable(lab: NetworkLab, engine: Countable, records: number): Promise<void> {
  for (const part of partsOf(records)) await sendUntilKnown(lab, engine, part);
}

/** Sends a packet of each connection, again and again until all are known. */
async function sendUntilKnown(lab: NetworkLab, engine: Countable, part: Part): Promise<void> {
  const before = await read(engine, 'connections');
  for (let tried = 0; tried < mostTries; ++tried) {
    await send(lab, part);
    await untilQuiet(engine);
    if ((await read(engine, 'connections')) - before >= part.flows) return;
  }
  throw new HotclickError('HC_LAB', `of ${part.flows} packets some are lost again and again`);
}

async function send(lab: NetworkLab, { address, flows }: Part): Promise<void> {
  await lab.exec('client', [
    builtUdpPrograms().generator,
    ...['--source', `${address}:${firstPort}`, '--target', `${nobody}:9`, '--json'],
    ...['--rate', `${rate}`, '--duration', `${flows / rate}`, '--flows', `${flows}`],
    ...['--raw', lab.client.device, '--src-mac', lab.client.mac, '--dst-mac', lab.server.mac],
  ]);
}

/** Until what is in the rings has been handled. */
async function untilQuiet(engine: Countable): Promise<void> {
  for (let last = -1; ; ) {
    const now = await read(engine, 'allowed');
    if (now === last) return;
    last = now;
    await new Promise((done) => setTimeout(done, 20));
  }
}

async function read(engine: Countable, counter: 'connections' | 'allowed'): Promise<number> {
  return Number(await engine.read(`fw.${counter}`));
}
