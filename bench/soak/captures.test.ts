import { readFileSync } from 'node:fs';
import t from 'tap';
import { ElementHarness } from '../../engine/testing/element-harness.ts';
import { readCapture, writeCapture } from './capture-file.ts';
import { findCaptures, makeCaptures, udpConversation } from './captures.ts';
import { CaptureModel } from './model/capture-model.ts';
import { Random } from './random.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
t.comment(`SEED=${seed}`);

t.test('frames survive a capture file', async (t) => {
  const random = new Random(seed);
  const frames = Array.from({ length: 20 }, () => random.bytes(14 + random.below(200)));
  t.same(readCapture(writeCapture(frames)), frames);
  t.equal(readCapture(new Uint8Array(100)), undefined);
});

t.test('the model and the firewall agree about every UDP conversation of made captures', async (t) => {
  const directory = t.testdir({});
  const captures = await makeCaptures(directory, new Random(seed));
  t.same(
    (await findCaptures(directory)).map(({ packets }) => packets),
    captures.map(({ packets }) => packets),
  );
  for (const { file, conversations } of captures) {
    using firewall = ElementHarness.create('Firewall', ['allow all'], { inputs: 2, outputs: 2 });
    const frames = readCapture(readFileSync(file)) ?? [];
    for (const data of frames) firewall.push(0, [data.length >= 34 ? { data, networkOffset: 14 } : data]);
    const known = [...firewall.read('table').matchAll(/^udp ([\d.]+:\d+) > ([\d.]+:\d+) /gm)].map(
      ([, from, to]) => `${from}>${to}`,
    );
    t.same(new Set(known), conversations);
    t.equal(Number(firewall.read('allowed')) + Number(firewall.read('denied')), frames.length);
  }
});

t.test('a count that does not add up, and a conversation that is missing or strange, are told', async (t) => {
  const capture = {
    file: 'a',
    packets: 2,
    conversations: new Set(['1.1.1.1:1>2.2.2.2:2', '1.1.1.1:3>2.2.2.2:2']),
  };
  const row = (inside_port: number) => ({
    shard: 0,
    key: { inside: '1.1.1.1', outside: '2.2.2.2', inside_port, outside_port: 2, protocol: 17 },
    value: {},
  });
  const model = new CaptureModel([capture]);
  t.same(model.check({ read: 5, allowed: 3, denied: 2 }, [row(1), row(3)], capture), []);
  t.same(model.check({ read: 5, allowed: 3, denied: 1 }, [row(1), row(9)], capture), [
    'of 5 packets read 3 were allowed and 1 denied',
    '1 conversations are not known, such as 1.1.1.1:3>2.2.2.2:2',
    '1 conversations are in no capture, such as 1.1.1.1:9>2.2.2.2:2',
  ]);
  model.restarted({ read: 5, allowed: 3, denied: 1 });
  t.same(model.check({ read: 7, allowed: 5, denied: 1 }, [row(1), row(3)], capture), []);
  t.equal(udpConversation(new Uint8Array(60)), undefined);
});
