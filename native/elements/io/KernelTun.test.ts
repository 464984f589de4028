import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import t from 'tap';
import { ElementHarness, type PacketOutput } from '../../../engine/testing/element-harness.ts';
import { ipv4Udp } from '../../../engine/testing/frames.ts';

// Addresses of TEST-NET-2 (RFC 5737), a part of it for each process.
const subnet = (process.pid % 60) * 4;
const own = `198.51.100.${subnet + 1}`;
const peer = `198.51.100.${subnet + 2}`;
const name = `hct${process.pid.toString(36)}`;

function create(...args: string[]): ElementHarness {
  return ElementHarness.create('KernelTun', [`${own}/30`, `DEVNAME ${name}`, ...args], {
    inputs: 1,
    outputs: 1,
  });
}

t.test('a datagram that the kernel routes to the interface comes out', async (t) => {
  using tun = create();
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  socket.send('to the tunnel', 4567, peer);
  const packets: PacketOutput[] = [];
  for (let i = 0; i < 5000 && packets.length === 0; i += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    tun.run();
    packets.push(...tun.output(0).filter((p) => p.data[9] === 17 && p.data[0] === 0x45));
  }
  const [packet] = packets;
  t.equal(Buffer.from(packet?.data.subarray(28) ?? []).toString(), 'to the tunnel');
  t.equal(packet?.networkOffset, 0);
  t.equal(packet?.transportOffset, 20);
  t.equal(tun.read('dev_name'), name);
});

t.test('a packet that is pushed reaches a socket of this machine', async (t) => {
  using tun = create();
  const socket = createSocket('udp4').bind(0, own);
  t.teardown(() => socket.close());
  await once(socket, 'listening');
  const datagram = ipv4Udp({
    src: peer,
    dst: own,
    sport: 9,
    dport: socket.address().port,
    payload: 'from the tunnel',
  });
  const arrives = once(socket, 'message');
  tun.push(0, [datagram.subarray(14)]);
  const [message] = (await arrives) as [Buffer];
  t.equal(message.toString(), 'from the tunnel');
  t.equal(tun.read('sent'), '1');
  tun.upgrade();
  const again = once(socket, 'message');
  tun.push(0, [datagram.subarray(14)]);
  await again;
  t.equal(tun.read('sent'), '2', 'the interface and the counts outlive an upgrade');
});

t.test('what the kernel refuses is dropped with a reason', (t) => {
  using tun = create();
  tun.push(0, [Uint8Array.from([0, 1, 2, 3])]);
  t.same(tun.drops(), { 'not sendable': 1 });
  t.end();
});

t.test('mistakes are refused with a reason', (t) => {
  t.throws(() => create('HEADROOM 1000'), {
    code: 'HC_CONFIGURE_FAILED',
    message: /HEADROOM must be at most/,
  });
  t.throws(() => create('MTU 9000'), { message: /MTU/ });
  t.throws(() => create('BURST 0'), { message: /BURST/ });
  t.end();
});
