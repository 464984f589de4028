import t from 'tap';
import { ElementHarness, type PacketOutput } from '../../../engine/testing/element-harness.ts';
import { ipv4Udp } from '../../../engine/testing/frames.ts';
import { VethPair } from './veth-pair.ts';

const ends = { inputs: 1, outputs: 0 };

function link(...args: string[]) {
  const pair = new VethPair();
  const to = ElementHarness.create('ToDevice', [pair.left, ...args], ends);
  const from = ElementHarness.create('FromDevice', [pair.right], { inputs: 0, outputs: 1 });
  from.run(); // the first call starts the socket
  return {
    pair,
    to,
    /** What arrived at the other end: `count` packets, or those of five seconds. */
    receive(count: number): PacketOutput[] {
      const packets: PacketOutput[] = [];
      const end = Date.now() + 5000;
      while (packets.length < count && Date.now() < end) {
        from.run();
        packets.push(...from.output(0));
      }
      return packets;
    },
    [Symbol.dispose](): void {
      from[Symbol.dispose]();
      to[Symbol.dispose]();
      pair[Symbol.dispose]();
    },
  };
}

const sourcePorts = (packets: readonly PacketOutput[]) =>
  packets.map((p) => ((p.data[34] ?? 0) << 8) | (p.data[35] ?? 0));
const frames = (count: number, first = 0) =>
  Array.from({ length: count }, (_, i) => ipv4Udp({ sport: first + i }));
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

t.test('pushed packets leave in order and are counted', (t) => {
  using l = link();
  const free = l.to.freePackets();
  l.to.push(0, frames(500));
  l.to.run();
  t.same(sourcePorts(l.receive(500)), numbers(500));
  t.equal(l.to.read('count'), '500');
  t.equal(l.to.read('byte_count'), String(500 * ipv4Udp({}).length));
  t.equal(l.to.read('length'), '0');
  t.equal(l.to.freePackets(), free);
  l.to.write('reset_counts');
  t.equal(l.to.read('count'), '0');
  t.end();
});

t.test('a pull input is pulled burst by burst', (t) => {
  using l = link('BURST 8');
  l.to.supply(0, frames(20));
  t.equal(l.to.run(10), 3);
  t.same(sourcePorts(l.receive(20)), numbers(20));
  t.end();
});

t.test('packets wait while the interface is down, also over an upgrade, and the queue is bounded', (t) => {
  using l = link('QUEUE 100');
  l.pair.set(l.pair.left, 'down');
  l.to.push(0, frames(150));
  l.to.run();
  t.equal(l.to.read('length'), '100');
  t.same(l.to.drops(), { 'device busy': 50 });
  t.equal(l.to.read('drops'), '50');
  l.to.upgrade();
  t.equal(l.to.read('length'), '100');
  l.pair.set(l.pair.left, 'up');
  l.to.advance(1000);
  l.to.run(2);
  t.same(sourcePorts(l.receive(100)), numbers(100));
  t.equal(l.to.read('count'), '100');
  t.end();
});

t.test('a frame that is too long or too short is dropped with a reason, the others go', (t) => {
  using l = link();
  l.to.push(0, [
    ipv4Udp({ sport: 0 }),
    ipv4Udp({ payload: 'x'.repeat(1600) }),
    new Uint8Array(5),
    ipv4Udp({ sport: 1 }),
  ]);
  l.to.run();
  t.same(sourcePorts(l.receive(2)), [0, 1]);
  t.same(l.to.drops(), { 'not sendable': 2 });
  t.equal(l.to.read('errors'), '2');
  t.equal(l.to.read('byte_count'), String(2 * ipv4Udp({}).length));
  t.end();
});

t.test('mistakes are refused with a reason', (t) => {
  const create = (...args: string[]) => ElementHarness.create('ToDevice', args, ends);
  t.throws(() => create('no-such-if'), { code: 'HC_DEVICE', message: /no interface 'no-such-if'/ });
  t.throws(() => create('lo', 'BURST 0'), { message: /BURST must be from 1 to 256/ });
  t.throws(() => create('lo', 'BURST 64', 'QUEUE 10'), { message: /QUEUE must be at least BURST/ });
  t.throws(() => create('lo', 'METHOD DPDK'), { message: /METHOD DPDK is not available/ });
  t.end();
});
