import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { Downloads } from '../../bench/lab/downloads.ts';
import { NetworkLab } from '../../bench/lab/network-lab.ts';
import { UdpStream } from '../../bench/lab/udp-stream.ts';
import type { Strategy } from '../../engine/engine-types.ts';
import {
  brokenFirewall,
  checkIntact,
  drops,
  example,
  firewallDevices,
  firewallVersion2,
  kernelDrops,
  packets,
  startEngine,
  until,
} from './laboratory.ts';

t.setTimeout(180_000);

/** Element libraries whose code this process has mapped. */
function loadedLibraries(): number {
  return readFileSync('/proc/self/maps', 'utf8').match(/ r-xp .*memfd:hotclick-element/g)?.length ?? 0;
}

async function bridge(t: Test) {
  const lab = await NetworkLab.create({ mode: 'bridge' });
  t.teardown(() => lab[Symbol.asyncDispose]());
  const engine = await startEngine(t, { ...example('firewall.click', firewallDevices(lab)), threads: 2 });
  return { lab, engine };
}

const serve = `
const server = require('node:http').createServer((request, response) => response.end('page ' + request.url));
server.listen(8000, () => console.log('ready'));
server.on('connection', () => console.log('connection'));`;

/** Starts a web server on one side; gives the lines it says, collected until it ends. */
async function webServer(lab: NetworkLab, place: 'client' | 'server') {
  const child = lab.spawn(place, [process.execPath, '-e', serve], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  child.stdout?.on('data', (chunk: Buffer) => said.push(...chunk.toString().trim().split('\n')));
  await until(() => said.includes('ready'));
  return { child, said };
}

const get = (url: string) =>
  `fetch('${url}').then((answer) => answer.text()).then((page) => console.log(page))`;

t.test('what the client begins passes with its ARP; what the server begins does not', async (t) => {
  const { lab, engine } = await bridge(t);
  await webServer(lab, 'server');
  const { stdout } = await lab.exec('client', [
    process.execPath,
    '-e',
    get(`http://${lab.server.ip}:8000/index`),
  ]);
  t.equal(stdout.trim(), 'page /index');
  t.match((await lab.exec('client', ['ip', 'neighbour', 'show', lab.server.ip])).stdout, lab.server.mac);

  const inside = await webServer(lab, 'client');
  const intruder = lab.spawn('server', [process.execPath, '-e', get(`http://${lab.client.ip}:8000/`)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await until(async () => (await drops(engine, 'fw', 'no rule')) >= 2);
  intruder.kill();
  t.equal(await text(intruder.stdout!), '');
  t.same(inside.said, ['ready'], 'no connection has reached the inside');
});

t.test('a rule for one port holds: mail is denied, and everything but IPv4 and ARP is dropped', async (t) => {
  const { lab, engine } = await bridge(t);
  const mail = lab.spawn('client', [
    process.execPath,
    '-e',
    `require('node:net').connect(25, '${lab.server.ip}')`,
  ]);
  const ping6 =
    "require('node:dgram').createSocket('udp6').send('x', 9, 'ff02::1%client0', () => process.exit())";
  await lab.exec('client', ['sh', '-c', 'echo 0 > /proc/sys/net/ipv6/conf/client0/disable_ipv6']);
  await until(async () => (await drops(engine, 'fw', 'no rule')) >= 1);
  mail.kill();
  t.equal(await engine.read('fw.opened'), '0');
  const { elements } = await engine.stats();
  const discard = elements.find(
    ({ element, className }) => className === 'Discard' && element.startsWith('from_client/'),
  );
  await lab.exec('client', [process.execPath, '-e', ping6]);
  t.ok(await until(async () => Number(await engine.read(`${discard?.element}.count`)) >= 1));
});

t.test('the flows of a stream are spread over both shards, and each stays in its own', async (t) => {
  const { lab, engine } = await bridge(t);
  await using stream = await UdpStream.start(lab, { rate: 2000, flows: 32 });
  const shardsOf = new Map<string, Set<number>>();
  for await (const { shard, head } of engine.trace('udp dst port 9000', { limit: 300 })) {
    const port = head.slice(68, 72);
    shardsOf.set(port, (shardsOf.get(port) ?? new Set()).add(shard));
  }
  t.same(new Set([...shardsOf.values()].flatMap((shards) => [...shards])), new Set([0, 1]));
  t.ok(shardsOf.size >= 16, `${shardsOf.size} flows were seen`);
  for (const [port, shards] of shardsOf) t.equal(shards.size, 1, `source port 0x${port}`);
  const summary = await stream.stop();
  t.match(summary, { duplicated: 0, reordered: 0 });
});

for (const strategy of ['swap', 'thread', 'core'] satisfies Strategy[]) {
  t.test(`by ${strategy}: upgrade, rollback and refusals lose, double and reorder nothing`, async (t) => {
    const { lab, engine } = await bridge(t);
    const logged: string[] = [];
    engine.on('log', ({ text }) => logged.push(text));
    await using downloads = await Downloads.start(lab, { connections: 20, rate: 8_000_000 });
    await using stream = await UdpStream.start(lab, { rate: 20_000, flows: 16, cpu: { generator: 0 } });
    await packets(stream, 10_000);
    const libraries = loadedLibraries();
    const before = await kernelDrops(lab, engine);
    const known = Number(await engine.read('fw.connections'));

    const upgrade = await engine.upgrade({ Firewall: firewallVersion2 }, { strategy });
    t.match(upgrade, { revision: 2, parent: 1, strategy, breaks: [{ shard: 0 }, { shard: 1 }] });
    t.match(await engine.read('fw.table'), /since before the upgrade/, 'version 2 knows what version 1 knew');
    t.ok(Number(await engine.read('fw.connections')) >= known);
    await stream.mark('version 2');
    await packets(stream, 10_000);
    // A connection that version 2 has seen begin: it logs, and its record has the new field.
    await webServer(lab, 'server');
    await lab.exec('client', [process.execPath, '-e', get(`http://${lab.server.ip}:8000/`)]);
    await until(() => logged.find((line) => /new connection .*8000/.test(line)));
    t.match(await engine.read('fw.table'), /:8000.* since \d+\.\d{3}/);

    const rollback = await engine.rollback({ strategy });
    t.match(rollback, { revision: 3, strategy, breaks: [{ shard: 0 }, { shard: 1 }] });
    t.notMatch(await engine.read('fw.table'), /since/);
    t.match(await engine.read('fw.table'), /:8000/, 'what began under version 2 is known to version 1');
    await stream.mark('version 1 again');
    await packets(stream, 10_000);

    const refusals: [string, RegExp][] = [
      ['does-not-compile', /HC_BUILD_FAILED/],
      ['undeclared-static', /HC_STATE_DECLARATION/],
      ['configure-fails', /HC_CONFIGURE_FAILED/],
    ];
    for (const [version, code] of refusals) {
      await t.rejects(engine.upgrade({ Firewall: brokenFirewall(version) }, { strategy }), { code }, version);
    }
    await packets(stream, 15_000);
    t.match(await engine.history(), [
      { revision: 1, kind: 'start', versions: { Firewall: '1.0.0' }, status: 'committed' },
      { revision: 2, kind: 'upgrade', versions: { Firewall: '2.0.0' }, status: 'committed' },
      { revision: 3, kind: 'rollback', versions: { Firewall: '1.0.0' }, status: 'committed', current: true },
    ]);
    t.match(await downloads.report(), { alive: 20, failed: 0 });
    checkIntact(t, await stream.stop(), (await kernelDrops(lab, engine)) - before);
    t.match(await downloads.stop(), { complete: 20, corrupted: 0, failed: 0 });
    t.equal(loadedLibraries(), libraries, 'of all the versions tried, one is left in the process');
  });
}
