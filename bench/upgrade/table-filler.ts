/**
 * Fills the firewall's table through the datapath: one UDP packet for each of many connections, from addresses that
 * nobody else has to one that nobody answers for. Sent once more, the same packets show whether a record is gone: the
 * firewall would begin its connection again.
 */
import type { ControlClient } from '../../engine/control/client.ts';
import { HotclickError } from '../../engine/errors.ts';
import type { NetworkLab } from '../lab/network-lab.ts';
import { builtUdpPrograms } from '../lab/udp-programs.ts';

const connectionsOfAddress = 50_000;
const firstPort = 1024;
const firstHost = 10;
const nobody = '10.1.0.250';
/** Packets/s that two shards take without loss on slow machines too. */
const rate = 200_000;
/** A packet may be lost on the way: what is missing is sent again. */
const mostRounds = 20;

export interface FilledTable {
  readonly connections: number;
  readonly milliseconds: number;
}

/** Returns once the firewall knows `records` more connections than before. @throws HotclickError HC_LAB */
export async function fillTable(
  lab: NetworkLab,
  client: ControlClient,
  records: number,
): Promise<FilledTable> {
  const begin = performance.now();
  const before = await read(client, 'connections');
  for (let round = 0; round < mostRounds; ++round) {
    await sendAll(lab, client, records);
    const connections = (await read(client, 'connections')) - before;
    if (connections >= records) return { connections, milliseconds: performance.now() - begin };
  }
  throw new HotclickError(
    'HC_LAB',
    `the table has only ${await read(client, 'connections')} of ${records} records`,
  );
}

/** Connections of those that the table was filled with which the firewall does not know any more. */
export async function countForgotten(
  lab: NetworkLab,
  client: ControlClient,
  records: number,
): Promise<number> {
  const before = await read(client, 'opened');
  for (let round = 0, seen = 0; seen < records; ++round) {
    if (round === mostRounds) {
      throw new HotclickError('HC_LAB', 'the packets that look for lost records do not arrive');
    }
    const allowed = await read(client, 'allowed');
    await sendAll(lab, client, records);
    // A round of which a packet was lost proves nothing about its connection.
    seen = (await read(client, 'allowed')) - allowed;
  }
  return (await read(client, 'opened')) - before;
}

async function sendAll(lab: NetworkLab, client: ControlClient, records: number): Promise<void> {
  for (let done = 0, host = firstHost; done < records; ++host) {
    const flows = Math.min(connectionsOfAddress, records - done);
    await lab.exec('client', [
      builtUdpPrograms().generator,
      ...['--source', `10.1.0.${host}:${firstPort}`, '--target', `${nobody}:9`],
      ...['--rate', `${rate}`, '--duration', `${(flows + 64) / rate}`, '--flows', `${flows}`, '--json'],
      ...['--raw', lab.client.device, '--src-mac', lab.client.mac, '--dst-mac', lab.server.mac],
    ]);
    done += flows;
  }
  await untilQuiet(client);
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

async function read(client: ControlClient, handler: 'connections' | 'opened' | 'allowed'): Promise<number> {
  return Number(await client.read(`fw.${handler}`));
}
