import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import t from 'tap';
import { ElementHarness, type PacketOutput } from '../../../engine/testing/element-harness.ts';
import { ipv4Udp } from '../../../engine/testing/frames.ts';

// Addresses of TEST-NET-3 (RFC 5737), a part of it for each process.
const subnet = (process.pid % 60) * 4;
const own = `203.0.113.${subnet + 1}`;
const peer = `203.0.113.${subnet + 2}`;
const mac = '02:00:00:00:00:01';
const name = `hca${process.pid.toString(36)}`;

function create(...args: string[]): ElementHarness {
  return ElementHarness.create('KernelTap', [`${own}/30`, `ETHER ${mac}`, `DEVNAME ${name}`, ...args], {
    inputs: 1,
    outputs: 1,
  });
}

t.test('the kernel asks by ARP before it sends: the frame comes out', async (t) => {
  using tap = create();
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  socket.send('to the tap', 4567, peer);
  const frames: PacketOutput[] = [];
  for (let i = 0; i < 5000 && frames.length === 0; i += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    tap.run();
    frames.push(...tap.output(0).filter(({ data }) => data[12] === 8 && data[13] === 6));
  }
  const asked = Buffer.from(frames[0]?.data ?? []);
  t.equal(asked.subarray(0, 12).toString('hex'), 'ffffffffffff020000000001', 'from the address given');
  t.same([...asked.subarray(38, 42)], peer.split('.').map(Number));
  t.equal(frames[0]?.packetType, 1, 'broadcast');
});

t.test('a frame for its address reaches a socket of this machine, also after an upgrade', async (t) => {
  using tap = create();
  const socket = createSocket('udp4').bind(0, own);
  t.teardown(() => socket.close());
  await once(socket, 'listening');
  const frame = ipv4Udp({
    src: peer,
    dst: own,
    sport: 9,
    dport: socket.address().port,
    payload: 'from the tap',
  });
  frame.set([2, 0, 0, 0, 0, 1]);
  for (const sent of ['1', '2']) {
    const arrives = once(socket, 'message');
    tap.push(0, [frame]);
    const [message] = (await arrives) as [Buffer];
    t.equal(message.toString(), 'from the tap');
    t.equal(tap.read('sent'), sent);
    tap.upgrade();
  }
});

t.test('what the kernel refuses is dropped with a reason', (t) => {
  using tap = create();
  tap.push(0, [Uint8Array.from([0, 1, 2, 3])]);
  t.same(tap.drops(), { 'not sendable': 1 });
  t.end();
});

t.test('mistakes are refused with a reason', (t) => {
  t.throws(() => create('ETHER 1.2.3.4'), { code: 'HC_CONFIGURE_FAILED', message: /ETHER/ });
  t.throws(() => create('MTU 9000'), { message: /MTU/ });
  t.end();
});
