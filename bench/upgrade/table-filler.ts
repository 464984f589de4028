/**
 * Fills the firewall's table through the datapath: one UDP packet for each of many connections, from addresses that
 * nobody else has to one that nobody answers for. Sent once more, the same packets show whether a record is gone: the
 * firewall would begin its connection again.
 */
import type { ControlClient } from '../../engine/control/client.ts';
import { HotclickError } from '../../engine/errors.ts';
import type { NetworkLab } from '../lab/network-lab.ts';
import { builtUdpPrograms } from '../lab/udp-programs.ts';

/** A small part at a time: one of which a packet was lost or left out is sent again as a whole. */
const connectionsOfAddress = 20_000;
const firstPort = 1024;
const firstHost = 10;
const nobody = '10.1.0.250';
/** Packets/s that two shards take without loss on slow machines too. */
const rate = 200_000;
const mostTries = 50;

type Counter = 'connections' | 'opened' | 'allowed';

/** Connections that differ in their port only. */
interface Part {
  readonly host: number;
  readonly flows: number;
}

/** Returns once the firewall knows `records` more connections than before. @throws HotclickError HC_LAB */
export async function fillTable(lab: NetworkLab, client: ControlClient, records: number): Promise<void> {
  for (const part of partsOf(records)) await sendUntil(lab, client, part, 'connections');
}

/** Connections of those that the table was filled with which the firewall does not know any more. */
export async function countForgotten(
  lab: NetworkLab,
  client: ControlClient,
  records: number,
): Promise<number> {
  const before = await read(client, 'opened');
  // Each part has passed without loss once: then its every connection was looked up.
  for (const part of partsOf(records)) await sendUntil(lab, client, part, 'allowed');
  return (await read(client, 'opened')) - before;
}

export function partsOf(records: number): Part[] {
  const parts: Part[] = [];
  for (let done = 0; done < records; done += connectionsOfAddress) {
    parts.push({ host: firstHost + parts.length, flows: Math.min(connectionsOfAddress, records - done) });
  }
  return parts;
}

/** Sends a packet of each connection, again and again until the counter has gone up by as many. */
async function sendUntil(
  lab: NetworkLab,
  client: ControlClient,
  part: Part,
  counter: 'connections' | 'allowed',
): Promise<void> {
  let before = await read(client, counter);
  for (let tried = 0; tried < mostTries; ++tried) {
    await send(lab, part);
    await untilQuiet(client);
    const now = await read(client, counter);
    if (now - before >= part.flows) return;
    // Packets that passed say nothing about those that will be missing next time; connections stay.
    if (counter === 'allowed') before = now;
  }
  throw new HotclickError('HC_LAB', `of ${part.flows} packets some are lost again and again`);
}

async function send(lab: NetworkLab, { host, flows }: Part): Promise<void> {
  await lab.exec('client', [
    builtUdpPrograms().generator,
    ...['--source', `10.1.0.${host}:${firstPort}`, '--target', `${nobody}:9`, '--json'],
    ...['--rate', `${rate}`, '--duration', `${flows / rate}`, '--flows', `${flows}`],
    ...['--raw', lab.client.device, '--src-mac', lab.client.mac, '--dst-mac', lab.server.mac],
  ]);
}

/** Until what is in the rings has been handled. */
async function untilQuiet(client: ControlClient): Promise<void> {
  for (let last = -1; ; ) {
    const now = await read(client, 'allowed');
    if (now === last) return;
    last = now;
    await new Promise((done) => setTimeout(done, 20));
  }
}

async function read(client: ControlClient, counter: Counter): Promise<number> {
  return Number(await client.read(`fw.${counter}`));
}
