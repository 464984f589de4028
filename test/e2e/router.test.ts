import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { NetworkLab } from '../../bench/lab/network-lab.ts';
import { UdpStream } from '../../bench/lab/udp-stream.ts';
import { checkIntact, example, kernelDrops, packets, startEngine, until } from './laboratory.ts';

t.setTimeout(180_000);

const probe = fileURLToPath(new URL('./probe.py', import.meta.url));
/** No network of the laboratory's, but the hosts send packets for it to the router. */
const nowhere = '192.0.2.1';
const frames = 1000;

async function routed(t: Test): Promise<NetworkLab> {
  const lab = await NetworkLab.create({ mode: 'router' });
  t.teardown(() => lab[Symbol.asyncDispose]());
  return lab;
}

function ipRouter(lab: NetworkLab, mtu = 1500) {
  const { clientSide, serverSide } = lab.engine;
  return example('ip-router.click', {
    ...{
      DEV0: clientSide.device,
      IP0: '10.1.0.1',
      NET0: '10.1.0.0/24',
      BCAST0: '10.1.0.255',
      MAC0: clientSide.mac,
    },
    ...{
      DEV1: serverSide.device,
      IP1: '10.2.0.1',
      NET1: '10.2.0.0/24',
      BCAST1: '10.2.0.255',
      MAC1: serverSide.mac,
    },
    MTU: `${mtu}`,
  });
}

function firewallRouter(lab: NetworkLab) {
  const { clientSide, serverSide } = lab.engine;
  return example('firewall-router.click', {
    ...{ CLIENT_DEV: clientSide.device, CLIENT_MAC: clientSide.mac },
    ...{ SERVER_DEV: serverSide.device, SERVER_MAC: serverSide.mac },
  });
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, n) => total + n, 0);
}

async function ask(
  lab: NetworkLab,
  place: 'client' | 'server',
  ...args: (string | number)[]
): Promise<unknown> {
  const { stdout } = await lab.exec(place, ['python3', probe, ...args.map(String)]);
  return JSON.parse(stdout);
}
const reply = (from: string) => ({ reply: true, from, valid: true });

const routers = { 'ip-router.click': ipRouter, 'firewall-router.click': firewallRouter };
for (const [name, options] of Object.entries(routers)) {
  for (const threads of [1, 2]) {
    t.test(`${name} with ${threads} shards: pings, and the errors that a router has to send`, async (t) => {
      const lab = await routed(t);
      const engine = await startEngine(t, { ...options(lab), threads });
      const { client, server } = lab;
      t.same(
        await ask(lab, 'client', 'ping', server.ip),
        reply(server.ip),
        'through the router, by way of ARP',
      );
      t.same(await ask(lab, 'client', 'ping', server.ip, 1400), reply(server.ip), 'a long one');
      t.same(await ask(lab, 'client', 'ping', client.gateway!), reply('10.1.0.1'), 'to the router itself');
      t.same(await ask(lab, 'server', 'ping', server.gateway!), reply('10.2.0.1'), 'from the other side');
      t.same(await ask(lab, 'client', 'ping', server.gateway!), reply('10.2.0.1'), 'to its far address');

      const timeExceeded = {
        error: 'timeexceeded',
        code: 0,
        from: '10.1.0.1',
        valid: true,
        about: server.ip,
      };
      t.match(await ask(lab, 'client', 'udp', server.ip, 9, 100, 1, 0), timeExceeded);
      t.match(await ask(lab, 'client', 'ping', server.ip, 56, 1), timeExceeded);
      const unreachable = { error: 'unreachable', code: 0, from: '10.1.0.1', valid: true, about: nowhere };
      t.match(await ask(lab, 'client', 'udp', nowhere, 9, 100, 64, 0), unreachable, 'no route');
      const noPort = { error: 'unreachable', code: 3, from: server.ip, valid: true, about: server.ip };
      t.match(
        await ask(lab, 'client', 'udp', server.ip, 9, 100, 64, 0),
        noPort,
        "the server's own error comes through",
      );
      t.match(
        (await lab.exec('client', ['ip', 'neighbour', 'show', client.gateway!])).stdout,
        lab.engine.clientSide.mac,
      );
      t.match(
        (await lab.exec('server', ['ip', 'neighbour', 'show', server.gateway!])).stdout,
        lab.engine.serverSide.mac,
      );
      t.equal(engine.revision, 1);
    });
  }

  t.test(
    `${name}: packets of both shards wait for one ARP reply, and all get through in order`,
    async (t) => {
      const lab = await routed(t);
      const engine = await startEngine(t, { ...options(lab), threads: 2 });
      const stream = await UdpStream.start(lab, { rate: 2000, flows: 32 });
      t.teardown(() => stream.stop());
      await packets(stream, 3000);
      const summary = await stream.stop();
      checkIntact(t, summary, await kernelDrops(lab, engine));
      const queriers = (await engine.stats()).elements.filter(({ className }) => className === 'ARPQuerier');
      t.equal(queriers.length, 2);
      for (const { element, drops } of queriers) {
        // A reply that only the other querier has asked for.
        const { unsolicited = 0, ...others } = drops;
        t.equal(sum(others), 0, `${element}: ${unsolicited} unsolicited replies and no other drop`);
      }
    },
  );
}

t.test(
  'datagrams longer than the MTU are fragmented, or refused with the MTU where they must not be',
  async (t) => {
    const lab = await routed(t);
    await startEngine(t, { ...ipRouter(lab, 1000), threads: 2 });
    const sink = lab.spawn('server', ['python3', probe, 'receive', '9000', '3'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: unknown[] = [];
    createInterface({ input: sink.stdout! }).on('line', (line) => lines.push(JSON.parse(line)));
    await until(() => lines.length === 1);

    const needFragment = { error: 'unreachable', code: 4, from: '10.1.0.1', mtu: 1000, valid: true };
    t.match(await ask(lab, 'client', 'udp', lab.server.ip, 9000, 1400, 64, 1), needFragment);
    const route = await lab.exec('client', ['ip', 'route', 'get', lab.server.ip]);
    t.match(route.stdout, /mtu 1000/, "the client's kernel believes it");
    await lab.exec('client', ['ip', 'route', 'flush', 'cache']);
    for (const size of [1400, 3000, 9000]) {
      await lab.exec('client', ['python3', '-c', send(lab.server.ip, size)]);
    }
    await until(() => lines.length === 4);
    t.same(
      lines.slice(1),
      [1400, 3000, 9000].map((size) => ({ size, right: true })),
    );
  },
);

/** Sends one datagram of the probe's pattern that may be fragmented on the way. */
const send = (address: string, size: number) => `
import socket
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.IPPROTO_IP, 10, 0)
sender.sendto(bytes(i * 7 % 251 for i in range(${size})), ('${address}', 9000))`;

t.test('headers that lie are dropped, each counted with its reason, and the router goes on', async (t) => {
  const lab = await routed(t);
  const engine = await startEngine(t, { ...ipRouter(lab), threads: 2 });
  await lab.exec('client', [
    'python3',
    '-c',
    malformed(lab.client.device, lab.client.mac, lab.engine.clientSide.mac),
  ]);
  const reasons = await until(async () => {
    const check = (await engine.stats()).elements.find(({ className }) => className === 'CheckIPHeader');
    return sum(check!.drops) === frames && check!.drops;
  });
  t.ok(Object.values(reasons).filter((n) => n > 0).length >= 3, JSON.stringify(reasons));
  t.same(await ask(lab, 'client', 'ping', lab.server.ip), reply(lab.server.ip));
});

/** Frames of random bytes after an IPv4 Ethernet header: headers that lie, of every length. */
const malformed = (device: string, from: string, to: string) => `
import random, socket
random.seed(7)
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(('${device}', 0))
ether = bytes.fromhex('${to}'.replace(':', '') + '${from}'.replace(':', '') + '0800')
for i in range(${frames}):
    body = bytearray(random.randbytes(random.randrange(0, 1400)))
    if body: body[0] = 0x40 | body[0] & 15
    link.send(ether + bytes(body))`;
