import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { NetworkLab } from '../../bench/lab/network-lab.ts';
import { UdpStream } from '../../bench/lab/udp-stream.ts';
import { elementDirectory, packageRoot } from '../../engine/datapath/paths.ts';
import { Engine } from '../../engine/index.ts';
import { VethPair } from '../../native/elements/io/veth-pair.ts';
import { checkIntact, kernelDrops, packets, shortDirectory, startEngine, until } from './laboratory.ts';

t.setTimeout(180_000);

/** A wire: what comes in on one device leaves by the other. */
const wire = ({ clientSide, serverSide }: NetworkLab['engine']) => `
  in :: FromDevice(${clientSide.device}, PROMISC true) -> out :: ToDevice(${serverSide.device});
  FromDevice(${serverSide.device}, PROMISC true) -> ToDevice(${clientSide.device});`;

async function bridge(t: Parameters<typeof startEngine>[0]): Promise<NetworkLab> {
  const lab = await NetworkLab.create({ mode: 'bridge' });
  t.teardown(() => lab[Symbol.asyncDispose]());
  return lab;
}

/** Sends frames of a broadcast type that no kernel answers, numbered from 1. */
function sendFrames(device: string, count: number): void {
  const script = `
import socket
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(('${device}', 0))
for i in range(${count}): link.send(b'\\xff' * 6 + b'\\x02\\0\\0\\0\\0\\1' + b'\\x88\\xb5' + i.to_bytes(4, 'big') + bytes(46))`;
  execFileSync('python3', ['-c', script]);
}

t.test('a VLAN tag crosses the engine: captured, printed and sent on as it was', async (t) => {
  const lab = await bridge(t);
  const capture = join(await shortDirectory(t), 'vlan.pcap');
  const { device } = lab.engine.clientSide;
  const engine = await startEngine(t, {
    configuration: `
      FromDevice(${device}, PROMISC true) -> print :: Print(seen, 22) -> copy :: Tee(2) -> ToDevice(${lab.engine.serverSide.device});
      copy[1] -> dump :: ToDump(${capture}, UNBUFFERED true);
      FromDevice(${lab.engine.serverSide.device}, PROMISC true) -> ToDevice(${device});`,
  });
  const printed: string[] = [];
  engine.on('print', ({ text }) => printed.push(text));
  for (const [place, host] of [
    ['client', '192.168.7.1'],
    ['server', '192.168.7.2'],
  ] as const) {
    const setUp = `ip link add link ${lab[place].device} name vlan7 type vlan id 7 && ip address add ${host}/24 dev vlan7 && ip link set vlan7 up`;
    await lab.exec(place, ['sh', '-c', setUp]);
  }
  const listen = `const s = require('node:dgram').createSocket('udp4', (m) => { console.log(String(m)); s.close(); }); s.bind(9, () => console.log('ready'))`;
  const server = lab.spawn('server', [process.execPath, '-e', listen], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  server.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes('ready'));
  const send =
    "require('node:dgram').createSocket('udp4').send('tagged', 9, '192.168.7.2', () => process.exit())";
  await lab.exec('client', [process.execPath, '-e', send]);
  await until(() => said.includes('tagged'));
  await engine.stop();

  const file = readFileSync(capture).toString('hex');
  t.match(
    file,
    new RegExp(`${lab.client.mac.replaceAll(':', '')}810000070800`),
    'the tag is where it was on the wire',
  );
  t.ok(
    printed.some((line) => /81000007 ?0800/.test(line)),
    printed.at(-1),
  );
});

t.test('a device that does not exist is an error with its name, and what runs goes on', async (t) => {
  await t.rejects(Engine.start({ configuration: 'FromDevice(nosuch0) -> Discard' }), {
    code: 'HC_DEVICE',
    message: /nosuch0/,
  });
  await t.rejects(Engine.start({ configuration: 'Idle -> ToDevice(nosuch0)' }), {
    code: 'HC_DEVICE',
    message: /nosuch0/,
  });
  const lab = await bridge(t);
  const engine = await startEngine(t, { configuration: wire(lab.engine), threads: 2 });
  const stream = await UdpStream.start(lab, { rate: 5000, flows: 8 });
  t.teardown(() => stream.stop());
  await packets(stream, 1000);
  const more = 'FromDevice(nosuch0) -> Discard;';
  await t.rejects(engine.apply(wire(lab.engine) + more), { code: 'HC_DEVICE', message: /nosuch0/ });
  await t.rejects(engine.apply(wire(lab.engine) + more, { strategy: 'thread' }), { code: 'HC_DEVICE' });
  t.equal(engine.revision, 1);
  await stream.mark('after the refusals');
  await packets(stream, 1000);
  checkIntact(t, await stream.stop(), await kernelDrops(lab, engine));
});

t.test(
  'a device library is replaced under traffic; a broken one is refused and changes nothing',
  async (t) => {
    const lab = await bridge(t);
    const engine = await startEngine(t, { configuration: wire(lab.engine), threads: 2 });
    const stream = await UdpStream.start(lab, { rate: 10_000, flows: 8 });
    t.teardown(() => stream.stop());
    await packets(stream, 2000);
    const sources = join(packageRoot, 'native', 'elements', 'io');
    const newVersion = (name: string) =>
      readFileSync(join(sources, `${name}.cc`), 'utf8')
        .replace(/#include "([^"]+)"/g, `#include "${sources}/$1"`)
        .replace('"1.0.0"', '"1.0.1"');
    const directory = t.testdir({
      'FromDevice.cc': newVersion('FromDevice'),
      'ToDevice.cc': newVersion('ToDevice'),
      'syntax.cc': `${newVersion('FromDevice')}\nint x = ;`,
      'cut.so': '',
    });
    const cut = join(directory, 'cut.so');
    const whole = readFileSync(join(elementDirectory, 'ToDevice.so'));
    writeFileSync(cut, whole);
    truncateSync(cut, whole.length >> 1);
    await t.rejects(engine.upgrade({ FromDevice: join(directory, 'syntax.cc') }), {
      code: 'HC_BUILD_FAILED',
    });
    await t.rejects(engine.upgrade({ ToDevice: cut }), { code: 'HC_LIBRARY' });
    await stream.mark('new versions');
    const counted = Number(await engine.read('in.count'));
    for (const strategy of ['swap', 'thread'] as const) {
      const changes = {
        FromDevice: join(directory, 'FromDevice.cc'),
        ToDevice: join(directory, 'ToDevice.cc'),
      };
      const { actions } = await engine.upgrade(changes, { strategy });
      t.match(
        actions.find(({ element }) => element === 'in'),
        { kind: 'adopt', versions: { from: '1.0.0', to: '1.0.1' } },
      );
      await engine.rollback({ strategy });
    }
    t.ok(Number(await engine.read('in.count')) >= counted, 'the counts go on');
    await packets(stream, 5000);
    checkIntact(t, await stream.stop(), await kernelDrops(lab, engine));
  },
);

t.test(
  'a link that goes down and comes up, and a device that goes away and comes back, are taken up again',
  async (t) => {
    using pair = new VethPair();
    const engine = await startEngine(t, {
      configuration: `in :: FromDevice(${pair.right}, PROMISC true) -> count :: Counter -> Discard;`,
      threads: 2,
    });
    const logged: string[] = [];
    engine.on('log', ({ text }) => logged.push(text));
    const link = (state: string) => until(async () => (await engine.read('in.link')) === state);
    /** What is sent while a socket is being opened anew is lost; it is sent until something arrives. */
    const arrives = async () => {
      const before = Number(await engine.read('count.count'));
      await until(async () => {
        sendFrames(pair.left, 10);
        return Number(await engine.read('count.count')) > before;
      });
    };
    await link('up');
    await arrives();
    pair.set(pair.right, 'down');
    await link('down');
    pair.set(pair.right, 'up');
    await link('up');
    await arrives();
    pair.remove();
    await link('down');
    t.equal(await engine.read('in.device'), pair.right);
    pair.add();
    await link('up');
    await arrives();
    t.ok(Number(await engine.read('in.link_changes')) >= 4);
    await until(() => logged.find((line) => line.includes(pair.right) && line.includes('link is')));
    t.match(await engine.history(), [{ revision: 1, current: true }]);
  },
);

t.test('what the kernel drops for want of room in the ring is counted, and what fits is kept', async (t) => {
  using pair = new VethPair();
  const engine = await startEngine(t, {
    configuration: `in :: FromDevice(${pair.right}, PROMISC true, RING 1, ACTIVE false) -> count :: Counter -> Discard;`,
  });
  await until(() => {
    sendFrames(pair.left, 20_000);
    return engine.read('in.kernel_drops').then((drops) => Number(drops) > 0);
  });
  t.equal(await engine.read('count.count'), '0');
  await engine.write('in.active', 'true');
  t.ok(await until(async () => Number(await engine.read('count.count')) > 100));
  t.ok(Number(await engine.read('in.ring_freezes')) >= 1);
});
