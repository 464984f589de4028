import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { NetworkLab } from './network-lab.ts';
import { UdpStream } from './udp-stream.ts';

let lab: NetworkLab;
t.before(async () => {
  lab = await NetworkLab.create({ engineNamespace: true, forwarding: 'kernel' });
});
t.teardown(() => lab[Symbol.asyncDispose]());

/** Waits until the current interval has that many packets. */
async function packets(stream: UdpStream, count: number): Promise<void> {
  while ((await stream.report()).packets < count) await delay(20);
}

async function forwarding(on: boolean): Promise<void> {
  await lab.exec('engine', ['sh', '-c', `echo ${on ? 1 : 0} > /proc/sys/net/ipv4/ip_forward`]);
}

t.test('50,000 packets/s cross the kernel without loss, in order, once', async (t) => {
  const stream = await UdpStream.start(lab, { rate: 50_000, flows: 8 });
  await packets(stream, 10_000);
  await stream.mark('baseline');
  await packets(stream, 100_000);
  const baseline = await stream.mark('end');
  const summary = await stream.stop();
  t.comment(
    `generator: ${summary.generator.rate} packets/s, CPU ${summary.generator.cpuPercent} %, largest own gap ` +
      `${summary.generator.gapMaxUs} us; sink: largest gap ${baseline.gapUs} us (sent ${baseline.gapSentUs} us apart), ` +
      `delay ${baseline.delayMeanUs} us mean, ${baseline.delayMaxUs} us most`,
  );
  t.match(summary, { lost: 0, lostAtEnd: 0, duplicated: 0, reordered: 0, malformed: 0, socketDrops: 0 });
  t.match(summary.generator, { errors: 0 });
  t.equal(summary.received, summary.generator.sent);
  t.same(
    summary.intervals.map(({ name }) => name),
    ['start', 'baseline', 'end'],
  );
});

t.test('an interruption shows as loss in its own interval only', async (t) => {
  const stream = await UdpStream.start(lab, { rate: 20_000, flows: 4 });
  await packets(stream, 5000);
  const before = await stream.mark('interruption');
  await forwarding(false);
  await delay(50);
  await forwarding(true);
  await packets(stream, 5000);
  await stream.mark('after');
  await packets(stream, 5000);
  const summary = await stream.stop();
  const [start, interruption, after] = summary.intervals;
  t.match(before, { missing: 0 });
  t.match(start, { missing: 0 });
  t.match(after, { missing: 0 });
  t.ok((interruption?.missing ?? 0) > 0);
  t.equal(summary.lost, interruption?.missing);
  t.ok((interruption?.gapUs ?? 0) > (start?.gapSentUs ?? 0));
  t.equal(summary.lostAtEnd, 0);
});

t.test('what is lost at the very end is not forgotten', async (t) => {
  const stream = await UdpStream.start(lab, { rate: 5000, flows: 2 });
  await packets(stream, 100);
  await forwarding(false);
  await delay(50);
  const summary = await stream.stop();
  await forwarding(true);
  t.ok(summary.lostAtEnd > 0);
  t.equal(summary.lost, summary.generator.sent - summary.received);
});

t.test("prebuilt frames have valid checksums and arrive as the kernel's own packets do", async (t) => {
  for (const size of [64, 65, 1514]) {
    const stream = await UdpStream.start(lab, {
      rate: 5000,
      flows: 100,
      size,
      rawTo: lab.engine.clientSide.mac,
    });
    await packets(stream, 1000);
    const summary = await stream.stop();
    t.match(summary, { lost: 0, duplicated: 0, reordered: 0, malformed: 0 }, `${size} bytes`);
  }
});

t.test('the stream can run from the server to the client', async (t) => {
  const stream = await UdpStream.start(lab, { rate: 5000, from: 'server' });
  await packets(stream, 500);
  t.match(await stream.stop(), { lost: 0 });
});

t.test('a generator that cannot start says why', async (t) => {
  await t.rejects(UdpStream.start(lab, { size: 63 }), {
    code: 'HC_LAB',
    message: /--size: '63' is not a number from 64 to 1514/,
  });
});
