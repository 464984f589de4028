import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import t from 'tap';
import { builtUdpPrograms } from './udp-programs.ts';
import { UdpSink } from './udp-sink.ts';

const stream = 0x4843;

/** A packet as udp-generator makes it. */
function packet(flow: number, sequence: number | bigint, streamNumber = stream): Buffer {
  const bytes = Buffer.alloc(22);
  bytes.writeUInt16BE(streamNumber, 0);
  bytes.writeUInt16BE(flow, 2);
  bytes.writeBigUInt64BE(BigInt(sequence), 4);
  bytes.writeUIntBE(Number(process.hrtime.bigint() & 0xffff_ffff_ffffn), 12, 6);
  return bytes;
}

class Bench {
  readonly sink: UdpSink;
  readonly #child;
  readonly #socket: Socket = createSocket('udp4');
  #port = 0;

  constructor(options: string[] = []) {
    const arguments_ = ['--bind', '127.0.0.1', '--port', '0', '--flows', '2', ...options];
    this.#child = spawn(builtUdpPrograms().sink, arguments_, { stdio: 'pipe' });
    this.sink = new UdpSink(this.#child);
  }

  async ready(): Promise<this> {
    this.#port = await this.sink.ready();
    return this;
  }

  /** On loopback a packet is in the sink's socket when the send call returns. */
  async send(...packets: Buffer[]): Promise<void> {
    for (const bytes of packets) {
      await new Promise<void>((resolve, reject) =>
        this.#socket.send(bytes, this.#port, '127.0.0.1', (error) =>
          error === null ? resolve() : reject(error),
        ),
      );
    }
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  async terminate(): Promise<string> {
    const output: Buffer[] = [];
    this.#child.stdout.on('data', (data: Buffer) => output.push(data));
    this.#child.kill('SIGTERM');
    await once(this.#child, 'close');
    this.#socket.close();
    return Buffer.concat(output).toString();
  }

  async end() {
    this.#socket.close();
    return this.sink.end();
  }
}

t.test('an undisturbed stream has nothing missing, doubled or out of order', async (t) => {
  const bench = await new Bench().ready();
  for (let i = 0; i < 100; i += 1) await bench.send(packet(0, i), packet(1, i));
  const { intervals, malformed, foreign } = await bench.end();
  t.equal(intervals.length, 1);
  t.match(intervals[0], {
    name: 'start',
    packets: 200,
    received: 200,
    missing: 0,
    duplicated: 0,
    reordered: 0,
  });
  t.match({ malformed, foreign }, { malformed: 0, foreign: 0 });
});

t.test('loss counts in the interval in which the next higher number arrives', async (t) => {
  const bench = await new Bench().ready();
  await bench.send(packet(0, 0), packet(0, 1), packet(0, 4), packet(1, 0));
  t.match(await bench.sink.mark('during'), { name: 'start', received: 4, missing: 2 });
  await bench.send(packet(0, 7), packet(1, 1));
  t.match(await bench.sink.mark('after'), { name: 'during', received: 2, missing: 2 });
  await bench.send(packet(0, 8), packet(1, 2));
  const { intervals } = await bench.end();
  t.same(
    intervals.map(({ name, received, missing }) => [name, received, missing]),
    [
      ['start', 4, 2],
      ['during', 2, 2],
      ['after', 2, 0],
    ],
  );
});

t.test('a late packet fills its hole in the interval it was sent in, also after the mark', async (t) => {
  const bench = await new Bench().ready();
  await bench.send(packet(0, 0), packet(0, 3));
  t.match(await bench.sink.mark('next'), { received: 2, missing: 2, reordered: 0 });
  await bench.send(packet(0, 1), packet(0, 4), packet(0, 2));
  const { intervals } = await bench.end();
  t.match(intervals, [
    { name: 'start', packets: 2, received: 4, missing: 0, reordered: 0 },
    { name: 'next', packets: 3, received: 1, missing: 0, reordered: 2 },
  ]);
});

t.test('duplicates are told from late packets, and count when they come', async (t) => {
  const bench = await new Bench().ready();
  await bench.send(packet(0, 0), packet(0, 0), packet(0, 2));
  await bench.sink.mark('next');
  await bench.send(packet(0, 2), packet(0, 1), packet(0, 1));
  const { intervals } = await bench.end();
  t.match(intervals, [
    { received: 3, missing: 0, duplicated: 1, reordered: 0 },
    { received: 0, missing: 0, duplicated: 2, reordered: 1 },
  ]);
});

t.test('order matters within a flow only', async (t) => {
  const bench = await new Bench().ready();
  await bench.send(packet(1, 0), packet(1, 1), packet(0, 0), packet(1, 2), packet(0, 1));
  const { intervals } = await bench.end();
  t.match(intervals, [{ received: 5, missing: 0, duplicated: 0, reordered: 0 }]);
});

t.test('what is older than the window is neither called duplicate nor late', async (t) => {
  const bench = await new Bench(['--window', '64']).ready();
  await bench.send(packet(0, 0), packet(0, 200), packet(0, 136), packet(0, 137), packet(0, 137));
  const { intervals } = await bench.end();
  t.match(intervals, [{ received: 3, missing: 198, tooLate: 1, reordered: 1, duplicated: 1 }]);
});

t.test('packets that cannot be ours are counted apart and change nothing', async (t) => {
  const bench = await new Bench().ready();
  await bench.send(packet(0, 0));
  await bench.send(Buffer.alloc(0), packet(0, 1).subarray(0, 21), packet(0, 1, 7));
  await bench.send(packet(2, 0), packet(65535, 0), packet(0, 2n ** 64n - 1n), packet(0, 2n ** 32n + 1n));
  await bench.send(packet(0, 1));
  const { intervals, malformed, foreign } = await bench.end();
  t.match(intervals, [{ packets: 2, received: 2, missing: 0, duplicated: 0, reordered: 0, tooLate: 0 }]);
  t.match({ malformed, foreign }, { malformed: 6, foreign: 1 });
});

t.test('random loss, duplicates and reordering come out exactly', async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.comment(`SEED=${seed}`);
  let state = seed + 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const total = 2000;
  const numbers = Array.from({ length: total }, (_, i) => i).filter(
    (i) => i === total - 1 || random() > 0.05,
  );
  const lost = total - numbers.length;
  for (let i = 0; i + 2 < numbers.length; i += 1) {
    if (random() < 0.05) numbers.splice(i, 2, numbers[i + 1]!, numbers[i]!);
  }
  const sent = numbers.flatMap((number) => (random() < 0.05 ? [number, number] : [number]));
  const arrived = new Set<number>();
  let highest = -1;
  let reordered = 0;
  for (const number of sent) {
    if (number < highest && !arrived.has(number)) reordered += 1;
    highest = Math.max(highest, number);
    arrived.add(number);
  }
  const bench = await new Bench().ready();
  await bench.send(...sent.map((number) => packet(0, number)));
  const { intervals } = await bench.end();
  t.match(intervals, [
    { received: numbers.length, missing: lost, duplicated: sent.length - numbers.length, reordered },
  ]);
});

t.test('a report shows the interval without ending it', async (t) => {
  const bench = await new Bench().ready();
  await bench.send(packet(0, 0));
  t.match(await bench.sink.report(), { name: 'start', received: 1 });
  await bench.send(packet(0, 1));
  t.match(await bench.sink.mark('next'), { name: 'start', received: 2 });
  await bench.end();
});

t.test('a mark with a name that is none is refused and ends nothing', async (t) => {
  const bench = await new Bench().ready();
  await t.rejects(bench.sink.mark('"'), { code: 'HC_LAB', message: /commands are/ });
  t.equal((await bench.end()).intervals.length, 1);
});

t.test('SIGTERM ends the sink with its summary', async (t) => {
  const bench = await new Bench().ready();
  await bench.send(packet(0, 0));
  t.match(JSON.parse(await bench.terminate()), {
    event: 'summary',
    intervals: [{ name: 'start', received: 1 }],
  });
});

t.test('a sink that cannot start says why', async (t) => {
  await t.rejects(new Bench(['--window', '100']).ready(), {
    code: 'HC_LAB',
    message: /--window: is not a power of two/,
  });
  await t.rejects(new Bench(['--colour', 'red']).ready(), {
    code: 'HC_LAB',
    message: /--colour: unknown argument/,
  });
});

t.test('the last packets are logged one by one, by the time of their arrival', async (t) => {
  const bench = await new Bench(['--log', '3']).ready();
  const begin = process.hrtime.bigint();
  for (let i = 0; i < 4; i += 1) await bench.send(packet(i % 2, i));
  const end = process.hrtime.bigint() + 1_000_000_000n;
  const packets = await bench.sink.packets(begin, end);
  t.same(
    packets.map(({ flow }) => flow),
    [1, 0, 1],
    'the first one had to make room',
  );
  t.ok(packets.every(({ atUs, delayUs }) => atUs > 0 && delayUs >= 0));
  t.same(await bench.sink.packets(end, end + 1n), []);
  await bench.end();
});
