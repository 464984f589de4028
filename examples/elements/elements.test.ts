import { fileURLToPath } from 'node:url';
import t from 'tap';
import { ElementHarness } from '../../engine/testing/element-harness.ts';
import { ipv4 } from '../../engine/testing/frames.ts';
import { buildElement } from '../../engine/upgrade/build-element.ts';

t.setTimeout(120_000);

const cacheDirectory = t.testdir({});

/** Compiles an example as `hotclick upgrade` would. */
function build(file: string): Promise<string> {
  return buildElement(fileURLToPath(new URL(file, import.meta.url)), { cacheDirectory });
}

/** A packet from `src`, its IP header marked as MarkIPHeader(14) does. */
const packetFrom = (src: string) => ({
  data: ipv4({ src, protocol: 17 }, new Uint8Array(26)),
  networkOffset: 14,
});

t.test('SizeLimit drops what is longer than MAX, with a reason', async (t) => {
  using h = ElementHarness.create('SizeLimit', ['100'], { library: await build('SizeLimit.cc') });
  h.push(0, [new Uint8Array(100), new Uint8Array(101)]);
  t.equal(h.output(0).length, 1);
  t.same(h.drops(), { 'too long': 1 });
  h.write('max', '200');
  h.push(0, [new Uint8Array(101)]);
  t.equal(h.output(0).length, 1);
});

t.test('SizeLimit refuses a limit below the smallest frame', async (t) => {
  const library = await build('SizeLimit.cc');
  t.throws(() => ElementHarness.create('SizeLimit', ['MAX 10'], { library }), {
    code: 'HC_CONFIGURE_FAILED',
    message: /MAX must be at least 60/,
  });
});

t.test('HostMeter counts by host and forgets hosts that are idle', async (t) => {
  const library = await build('HostMeter/v1/HostMeter.cc');
  using h = ElementHarness.create('HostMeter', ['TIMEOUT 10'], { library });
  h.push(0, [packetFrom('10.0.0.1'), packetFrom('10.0.0.2'), packetFrom('10.0.0.1')]);
  t.match(h.read('hosts'), /^10\.0\.0\.1 2 \d+\n10\.0\.0\.2 1 \d+\n$/);
  h.push(0, [new Uint8Array(60)]);
  t.same(h.drops(), { 'no IP header': 1 });
  for (let i = 0; i < 20; ++i) h.advance(1000);
  t.same([h.read('hosts'), h.read('hosts_ever'), h.read('packets')], ['', '2', '3']);
});

t.test(
  'HostMeter 2 goes on with the counts of version 1, and version 1 with those of version 2',
  async (t) => {
    const v1 = await build('HostMeter/v1/HostMeter.cc');
    const v2 = await build('HostMeter/v2/HostMeter.cc');
    using h = ElementHarness.create('HostMeter', [], { library: v1 });
    h.push(0, [packetFrom('10.0.0.1')]);
    const [, , second] = h.read('hosts').trim().split(' ');
    h.upgrade(v2);
    t.equal(h.read('hosts'), `10.0.0.1 1 0 ${second}\n`, 'widened, and from seconds to nanoseconds');
    h.push(0, [packetFrom('10.0.0.1'), packetFrom('10.0.0.2')]);
    h.run(); // a round of the shard: records that nobody touched are converted too
    h.upgrade(v1);
    t.equal(
      h.read('hosts'),
      `10.0.0.1 2 ${second}\n10.0.0.2 1 ${second}\n`,
      'what version 2 counted is kept',
    );
    t.same([h.read('packets'), h.read('hosts_ever')], ['3', '2']);
  },
);
