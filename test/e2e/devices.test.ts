import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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

/** Sends a frame with a VLAN tag as it is on the wire, from a namespace of the laboratory. */
const sendTagged = (device: string) => `
import socket
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(('${device}', 0))
link.send(b'\\xff' * 6 + b'\\x02\\0\\0\\0\\0\\1' + b'\\x81\\0\\x60\\x07' + b'\\x88\\xb5' + b'tagged' + bytes(46))`;

/** Waits for a frame of the type; says the tag that the kernel has taken off it, and its contents. */
const receiveTagged = (device: string) => `
import json, socket, struct
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
link.setsockopt(263, 8, 1) # PACKET_AUXDATA
link.bind(('${device}', 3))
print('ready', flush=True)
while True:
    frame, control, flags, source = link.recvmsg(2048, 256)
    if frame[12:14] == b'\\x88\\xb5': break
print(json.dumps([struct.unpack('IIIHHHH', control[0][2])[5], frame[14:20].decode()]), flush=True)`;

t.test('a VLAN tag crosses the engine: captured, printed and sent on as it was', async (t) => {
  const lab = await bridge(t);
  const capture = join(await shortDirectory(t), 'vlan.pcap');
  const { clientSide, serverSide } = lab.engine;
  const engine = await startEngine(t, {
    configuration: `
      FromDevice(${clientSide.device}, PROMISC true) -> Print(seen, 24) -> copy :: Tee(2) -> ToDevice(${serverSide.device});
      copy[1] -> ToDump(${capture}, UNBUFFERED true);`,
  });
  const printed: string[] = [];
  engine.on('print', ({ text }) => printed.push(text));
  const receiver = lab.spawn('server', ['python3', '-c', receiveTagged(lab.server.device)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  createInterface({ input: receiver.stdout! }).on('line', (line) => said.push(line));
  await until(() => said.includes('ready'));
  await lab.exec('client', ['python3', '-c', sendTagged(lab.client.device)]);
  await until(() => said.length === 2);
  t.same(JSON.parse(said[1]!), [0x6007, 'tagged'], 'priority and number of the tag, as it was sent');
  await until(() => printed.length > 0);
  await engine.stop();
  t.match(
    readFileSync(capture).toString('hex'),
    /81006007 ?88b5746167676564/,
    'the tag is where it was on the wire',
  );
  t.match(printed.join('\n').replaceAll(' ', ''), /8100600788b5/);
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
  const stream = await UdpStream.start(lab, { rate: 5000, flows: 8, cpu: { generator: 0 } });
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
    const stream = await UdpStream.start(lab, { rate: 10_000, flows: 8, cpu: { generator: 0 } });
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
    configuration: `in :: FromDevice(${pair.right}, PROMISC true, RING 1) -> count :: Counter -> Discard;`,
  });
  // Reading begins before it stops: there is no ring without a reader.
  await until(async () => {
    sendFrames(pair.left, 1);
    return Number(await engine.read('count.count')) > 0;
  });
  await engine.write('in.active', 'false');
  await engine.write('in.reset_counts', '');
  await engine.write('count.reset', '');
  await until(() => {
    sendFrames(pair.left, 20_000);
    return engine.read('in.kernel_drops').then((drops) => Number(drops) > 0);
  });
  t.equal(await engine.read('count.count'), '0');
  await engine.write('in.active', 'true');
  t.ok(await until(async () => Number(await engine.read('count.count')) > 100));
  t.ok(Number(await engine.read('in.ring_freezes')) >= 1);
});
