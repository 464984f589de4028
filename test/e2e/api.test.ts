import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { ControlClient, ControlServer, Engine, HotclickError, type TraceEvent } from '../../engine/index.ts';
import { elementSource } from '../upgrade/traffic.ts';
import { examples, firewallVersion2, shortDirectory, until } from './laboratory.ts';

t.setTimeout(180_000);

const macs = '02:00:00:00:00:01, 10.0.0.1, 02:00:00:00:00:02, 10.0.0.2';
const counting = 'src :: RatedSource(RATE 5000) -> count :: Counter -> out :: Discard;';
/** Two kinds of packets for a firewall: it passes UDP from inside and denies what comes from outside. */
const firewall = `
  FastUDPSource(2000, -1, 60, ${macs.replace('10.0.0.1', '10.0.0.1, 1000')}, 2000) -> mark :: MarkIPHeader(14) -> [0]fw :: Firewall(allow udp);
  FastUDPSource(1000, -1, 60, ${macs.replace('10.0.0.1', '10.0.0.9, 9')}, 9) -> MarkIPHeader(14) -> [1]fw;
  fw[0] -> passed :: Counter -> Discard; fw[1] -> Discard;`;

async function counted(engine: Engine, path: string): Promise<number> {
  return Number(await engine.read(path));
}
const grows = async (engine: Engine, path: string) => {
  const before = await counted(engine, path);
  await until(async () => (await counted(engine, path)) > before);
};

t.test('an engine tells of what happens, and ends with its scope', async (t) => {
  const told: string[] = [];
  {
    await using engine = await Engine.start({ configuration: `${counting} Script(print "hello", stop);` });
    engine.on('print', ({ text }) => told.push(`print ${text.trim()}`));
    engine.on('upgrade', ({ revision }) => told.push(`upgrade ${revision}`));
    engine.on('refused', ({ code }) => told.push(`refused ${code}`));
    engine.on('stopped', () => told.push('stopped'));
    await until(() => told.includes('print hello'));
    await engine.apply(`${counting} more :: Idle -> Discard;`);
    await t.rejects(engine.apply('nonsense'), HotclickError);
    await engine.rollback();
    await grows(engine, 'out.count');
  }
  t.ok(told.indexOf('upgrade 2') < told.findIndex((line) => line.startsWith('refused HC_CONFIG')));
  t.ok(told.includes('upgrade 3'));
  t.equal(told.filter((line) => line === 'stopped').length, 1, 'said once, though two had a reason');
});

t.test(
  'a signal that is set stops a start, an upgrade, a trace and a tap, and the engine goes on',
  async (t) => {
    const before = threads();
    await t.rejects(Engine.start({ configuration: counting, signal: AbortSignal.abort() }));
    t.equal(await until(() => threads() <= before && 'gone'), 'gone', 'nothing is left of the engine');

    await using engine = await Engine.start({ configuration: firewall });
    const abort = new AbortController();
    const upgrade = engine.upgrade(
      { Firewall: firewallVersion2 },
      {
        signal: abort.signal,
        onStep: ({ step }) => step === 'verify' && abort.abort(),
      },
    );
    await t.rejects(upgrade);
    t.equal(engine.revision, 1);

    const hops = new AbortController();
    let seen = 0;
    for await (const _ of engine.trace('udp', { limit: 1_000_000, signal: hops.signal })) {
      if (++seen === 100) hops.abort();
    }
    t.ok(seen >= 100);

    const tapped = new AbortController();
    const file = join(t.testdir({}), 'tap.pcapng');
    const tap = engine.tap('fw[0]', file, { signal: tapped.signal });
    await until(() => existsSync(file) && readFileSync(file).length > 1000);
    tapped.abort();
    t.ok((await tap).packets > 0);
    await grows(engine, 'passed.count');
    t.match(await engine.upgrade({ Firewall: firewallVersion2 }), { revision: 2 });
  },
);

t.test(
  'a trace follows each packet from element to element with versions, and says why it was dropped',
  async (t) => {
    await using engine = await Engine.start({ configuration: firewall, threads: 2 });
    const paths = new Map<string, TraceEvent[]>();
    for await (const event of engine.trace('udp', { limit: 40 })) {
      const key = `${event.shard}/${event.packet}`;
      paths.set(key, [...(paths.get(key) ?? []), event]);
    }
    t.equal(paths.size, 40);
    const all = [...paths.values()];
    const passed = all.filter((path) => path.some(({ element }) => element === 'passed'));
    const dropped = all.filter((path) =>
      path.some(({ kind, reason }) => kind === 'drop' && reason === 'no rule'),
    );
    t.ok(passed.length > 0 && dropped.length > 0, `${passed.length} passed, ${dropped.length} dropped`);
    t.match(
      passed[0]!.filter(({ kind }) => kind === 'hop'),
      [
        { element: /^FastUDPSource/, to: 'mark' },
        { element: 'mark', to: 'fw', toPort: 0, length: 60 },
        { element: 'fw', version: '1.0.0', port: 0, to: 'passed' },
        { element: 'passed' },
      ],
    );
    t.match(dropped[0]?.at(-1), { kind: 'drop', element: 'fw', version: '1.0.0', reason: 'no rule' });
    for (const { head, time } of all.flat()) {
      if (!/^0200000000..0200000000..0800/.test(head) || Number.isNaN(Date.parse(time)))
        t.fail(`${time} ${head}`);
    }

    await engine.upgrade({ Firewall: firewallVersion2 });
    const versions = new Set<string>();
    for await (const { element, version } of engine.trace('udp', { limit: 10 }))
      if (element === 'fw') versions.add(version);
    t.same([...versions], ['2.0.0']);
    await t.rejects(async () => {
      for await (const _ of engine.trace('no such filter (')) break;
    }, HotclickError);
  },
);

/** The packets of a pcapng file of one section and one interface. */
function readPcapng(file: Buffer): {
  snaplen: number;
  packets: { captured: number; length: number; data: Buffer }[];
} {
  const packets: { captured: number; length: number; data: Buffer }[] = [];
  let snaplen = 0;
  for (let at = 0; at < file.length; ) {
    const [type, size] = [file.readUInt32LE(at), file.readUInt32LE(at + 4)];
    if (file.readUInt32LE(at + size - 4) !== size) throw new Error(`block at ${at} is not closed`);
    const body = file.subarray(at + 8, at + size - 4);
    if (type === 1) snaplen = body.readUInt32LE(4);
    if (type === 6) {
      const captured = body.readUInt32LE(12);
      packets.push({ captured, length: body.readUInt32LE(16), data: body.subarray(20, 20 + captured) });
    }
    at += size;
  }
  return { snaplen, packets };
}

t.test('a tap writes the packets of an edge, whole or cut, to a file that can be read back', async (t) => {
  await using engine = await Engine.start({ configuration: firewall });
  const directory = t.testdir({});
  const whole = await engine.tap('fw[0]', join(directory, 'whole.pcapng'), { limit: 50 });
  t.match(whole, { packets: 50, lost: 0 });
  const { packets } = readPcapng(readFileSync(whole.file));
  t.equal(packets.length, 50);
  for (const { captured, length, data } of packets) {
    if (captured !== 60 || length !== 60 || data.readUInt16BE(36) !== 2000) t.fail(data.toString('hex'));
  }
  const cut = await engine.tap('[1]fw', join(directory, 'cut.pcapng'), { limit: 10, snaplen: 20 });
  const short = readPcapng(readFileSync(cut.file));
  t.equal(short.snaplen, 20);
  t.match(short.packets[0], { captured: 20, length: 60 });
  await t.rejects(
    engine.tap('nobody[0]', join(directory, 'x'), { limit: 1, signal: AbortSignal.timeout(5000) }),
    {
      code: 'HC_NO_SUCH_ELEMENT',
    },
  );
  await t.rejects(
    engine.tap('fw[7]', join(directory, 'x'), { limit: 1, signal: AbortSignal.timeout(5000) }),
    HotclickError,
  );
  await t.rejects(engine.tap('fw[0]', '/no/such/directory/x', { limit: 1 }), { code: 'HC_ARGUMENT' });
});

t.test('handlers read the sum of all shards and write to all', async (t) => {
  await using engine = await Engine.start({ configuration: counting, threads: 2 });
  await grows(engine, 'count.count');
  t.match(await engine.read('list'), /count/);
  t.match(await engine.read('src.handlers'), /active/);
  t.equal((await engine.read('count.class')).trim(), 'Counter');
  await engine.write('src.active', 'false');
  await until(async () => {
    const first = await counted(engine, 'out.count');
    await delay(20);
    return (await counted(engine, 'out.count')) === first;
  });
  t.equal(await engine.read('count.count'), await engine.read('out.count'));
  await engine.write('count.reset', '');
  t.equal(await engine.read('count.count'), '0');
  await engine.write('src.active', 'true');
  await grows(engine, 'count.count');
  await t.rejects(engine.read('nobody.count'), { code: 'HC_NO_SUCH_ELEMENT' });
  await t.rejects(engine.read('count.nothing'), { code: 'HC_NO_SUCH_HANDLER' });
  await t.rejects(engine.write('src.active', 'perhaps'), { code: 'HC_HANDLER_FAILED' });
});

t.test(
  'a handler that takes a parameter is read with it: by a program, over the socket and by a script',
  async (t) => {
    const configuration = `
    Idle -> rt :: RadixIPLookup(10.0.0.0/8 192.0.2.1 0, 0.0.0.0/0 1); rt[0] -> Discard; rt[1] -> Discard;
    Script(print $(rt.lookup 10.1.2.3), print rt.lookup 11.1.2.3);`;
    await using engine = await Engine.start({ configuration, threads: 2 });
    const said: string[] = [];
    engine.on('print', ({ text }) => said.push(text.trim()));
    t.equal(await engine.read('rt.lookup', '10.9.9.9'), '0 192.0.2.1');
    await t.rejects(engine.read('rt.lookup', 'somewhere'), { code: 'HC_HANDLER_FAILED' });
    const path = join(await shortDirectory(t), 'control');
    const server = await ControlServer.listen(engine, path);
    t.teardown(() => server.close());
    await using client = await ControlClient.connect(path);
    t.equal(await client.read('rt.lookup', '12.0.0.1'), '1');
    await until(() => said.length === 2);
    t.same(said, ['0 192.0.2.1', '1']);
  },
);

t.test('two engines of one process know nothing of each other', async (t) => {
  await using first = await Engine.start({ configuration: counting, threads: 2 });
  await using second = await Engine.start({ configuration: firewall, threads: 1 });
  await first
    .upgrade({ Counter: elementSource('Totals1') })
    .catch((error: HotclickError) => t.equal(error.code, 'HC_LIBRARY'));
  await second.upgrade({ Firewall: firewallVersion2 });
  t.same([first.revision, second.revision], [1, 2]);
  await first.stop();
  await grows(second, 'passed.count');
  await second.rollback();
  await grows(second, 'passed.count');
  t.equal(second.revision, 3);
});

function threads(): number {
  return readdirSync('/proc/self/task').length;
}
function resources(): { threads: number; descriptors: number; maps: number } {
  return {
    threads: threads(),
    descriptors: readdirSync('/proc/self/fd').length,
    maps: readFileSync('/proc/self/maps', 'utf8').match(/hotclick-/g)?.length ?? 0,
  };
}

t.test('many starts, upgrades and stops leave no thread, no descriptor and no mapping behind', async (t) => {
  const round = async () => {
    await using engine = await Engine.start({ configuration: firewall, threads: 2 });
    await engine.upgrade({ Firewall: firewallVersion2 });
    await t.rejects(engine.apply('FromDevice(nosuch0) -> Discard'), { code: 'HC_DEVICE' });
  };
  await round();
  const before = resources();
  for (let i = 0; i < 20; ++i) await round();
  await t.rejects(Engine.start({ configuration: 'Firewall(allow nonsense)' }), HotclickError);
  await until(() => threads() <= before.threads);
  const after = resources();
  t.equal(after.descriptors, before.descriptors, 'descriptors');
  t.equal(after.maps, before.maps, 'mappings');
});

t.test('requests that make no sense get an error each, and the engine goes on', async (t) => {
  await using engine = await Engine.start({ configuration: counting });
  const path = join(await shortDirectory(t), 'control.sock');
  await using _ = await ControlServer.listen(engine, path);
  const socket = connect(path);
  const answers: { id: unknown; error?: { code: string } }[] = [];
  createInterface({ input: socket }).on('line', (line) => {
    const answer = JSON.parse(line);
    if (!('event' in answer)) answers.push(answer);
  });
  await once(socket, 'connect');
  const lines = [
    'not JSON',
    '{"id":1',
    '[]',
    'null',
    '{"id":2}',
    '{"id":3,"method":"nothing"}',
    '{"id":4,"method":"read"}',
    '{"id":5,"method":"read","params":{"path":7}}',
    '{"id":6,"method":"read","params":{"path":"count.count","more":1}}',
    '{"id":7,"method":"upgrade","params":{"changes":{}}}',
    '{"id":8,"method":"upgrade","params":{"changes":{"Counter":"/no/such/file.cc"}}}',
    '{"id":9,"method":"apply","params":{"configuration":"->->"}}',
    '{"id":10,"method":"rollback","params":{"revision":99}}',
    '{"id":11,"method":"__proto__"}',
    '{"id":{},"method":"stats"}',
    '\u0000\u0001\ufffd',
  ];
  socket.write(`${lines.join('\n')}\n`);
  await until(() => answers.length === lines.length);
  for (const { id, error } of answers) t.match(error?.code, /^HC_(?!INTERNAL)/, `${id}: ${error?.code}`);
  socket.write(`{"id":20,"method":"read","params":{"path":"${'x'.repeat(2 << 20)}"}}\n`);
  const tooLong = await until(() => answers[lines.length]);
  t.equal(tooLong.error?.code, 'HC_CONTROL_REQUEST');
  socket.destroy();

  await using client = await ControlClient.connect(path);
  t.ok(Number(await client.read('out.count')) >= 0);
  await grows(engine, 'out.count');
});

t.test(
  'configurations that are cut off or garbled are refused with their place, and the running graph goes on',
  async (t) => {
    await using engine = await Engine.start({ configuration: counting });
    const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
    t.comment(`SEED=${seed}`);
    let state = seed;
    const random = (end: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return Math.floor((state / 0x8000_0000) * end);
    };
    const text = ['ip-router.click', 'firewall-router.click'].map((name) =>
      readFileSync(join(examples, name), 'utf8'),
    );
    const attempts: string[] = [];
    for (const whole of text)
      for (let end = 1; end < whole.length; end += 41) attempts.push(whole.slice(0, end));
    for (let i = 0; i < 150; ++i) {
      const characters = [...text[i % 2]!];
      for (let change = 0; change < 4; ++change)
        characters[random(characters.length)] = '(){}[];:->"\\$|\u0000/*,x0\n'.charAt(random(24));
      attempts.push(characters.join(''));
    }
    const codes = new Map<string, number>();
    for (const configuration of attempts) {
      const error = await engine.apply(configuration, { dryRun: true, file: 'cut.click' }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      const code =
        error === undefined ? 'accepted' : error instanceof HotclickError ? error.code : `${error}`;
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (code === 'HC_CONFIG_SYNTAX' && !/cut\.click:\d+/.test(`${error}`)) t.fail(`no place: ${error}`);
    }
    const known = [
      'accepted',
      'HC_CONFIG_SYNTAX',
      'HC_CONFIG_INVALID',
      'HC_NO_SUCH_CLASS',
      'HC_CONFIGURE_FAILED',
      'HC_DEVICE',
    ];
    t.same(
      [...codes.keys()].filter((code) => !known.includes(code)),
      [],
      JSON.stringify(Object.fromEntries(codes)),
    );
    t.equal(engine.revision, 1);
    await grows(engine, 'out.count');
  },
);
