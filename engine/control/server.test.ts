import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import t from 'tap';
import { ControlClient } from './client.ts';
import { longestRequest } from './protocol.ts';
import { ControlServer } from './server.ts';
import { FakeEngine } from './testing/fake-engine.ts';

/** A raw client: writes what it is told, reads line by line. */
class RawClient {
  readonly socket: Socket;
  readonly #lines: AsyncIterator<string>;

  constructor(path: string) {
    this.socket = createConnection(path);
    this.#lines = createInterface({ input: this.socket })[Symbol.asyncIterator]();
  }

  async ask(line: string): Promise<Record<string, unknown>> {
    this.socket.write(`${line}\n`);
    return this.next();
  }

  async next(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the connection was closed');
    return JSON.parse(value) as Record<string, unknown>;
  }
}

async function setUp(t: Test) {
  const directory = await mkdtemp(join(tmpdir(), 'hotclick-control-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const path = join(directory, 'control.sock');
  const engine = new FakeEngine();
  const server = await ControlServer.listen(engine, path);
  t.teardown(() => server.close());
  const connect = () => {
    const client = new RawClient(path);
    t.teardown(() => client.socket.destroy());
    return client;
  };
  return { directory, path, engine, server, connect };
}

t.test('only the owner may open the socket, and closing removes it', async (t) => {
  const { path, server } = await setUp(t);
  const file = await stat(path);
  t.ok(file.isSocket());
  t.equal(file.mode & 0o777, 0o600);
  await server.close();
  await t.rejects(stat(path), { code: 'ENOENT' });
});

t.test('requests are answered with their own id', async (t) => {
  const { connect } = await setUp(t);
  const client = connect();
  t.same(await client.ask('{"id":1,"method":"read","params":{"path":"c.count"}}'), { id: 1, result: '1234' });
  t.same(await client.ask('{"id":"two","method":"write","params":{"path":"c.reset","value":""}}'), {
    id: 'two',
    result: null,
  });
  const { error } = await client.ask('{"id":3,"method":"read","params":{"path":"nobody.count"}}');
  t.match(error, {
    code: 'HC_NO_SUCH_ELEMENT',
    hint: /hotclick read list/,
    details: { path: 'nobody.count' },
  });
});

t.test('bad requests are refused clearly and the connection stays usable', async (t) => {
  const { connect, engine } = await setUp(t);
  const client = connect();
  const cases: [line: string, id: unknown, message: RegExp][] = [
    ['hello', null, /not JSON/],
    ['\u0000\u0001\u00ff', null, /not JSON/],
    ['[1,2]', null, /must be an object, not a list/],
    ['null', null, /must be an object/],
    ['{}', null, /id of the request/],
    ['{"id":{},"method":"read"}', null, /id of the request/],
    ['{"id":1}', 1, /method of the request must be a string/],
    ['{"id":1,"method":"read","parameters":{}}', 1, /unknown field 'parameters'/],
    ['{"id":1,"method":"fly"}', 1, /no method is called 'fly'/],
    ['{"id":1,"method":"__proto__"}', 1, /no method is called/],
    ['{"id":1,"method":"read"}', 1, /params.path is missing/],
    ['{"id":1,"method":"read","params":7}', 1, /params must be an object, not 7/],
    ['{"id":1,"method":"read","params":{"path":5}}', 1, /params.path must be a string, not 5/],
    ['{"id":1,"method":"read","params":{"path":""}}', 1, /params.path must not be empty/],
    ['{"id":1,"method":"read","params":{"path":"x","extra":1}}', 1, /unknown field 'extra'/],
    ['{"id":1,"method":"upgrade","params":{"changes":{}}}', 1, /params.changes must not be empty/],
    ['{"id":1,"method":"upgrade","params":{"changes":{"C":1}}}', 1, /params.changes.C must be a string/],
    ['{"id":1,"method":"rollback","params":{"revision":-1}}', 1, /whole number from 0/],
    ['{"id":1,"method":"rollback","params":{"strategy":"pray"}}', 1, /one of swap, thread/],
    [
      '{"id":1,"method":"trace","params":{"filter":"ip","limit":1.5}}',
      1,
      /params.limit must be a whole number/,
    ],
    ['{"id":1,"method":"cancel","params":{"id":true}}', 1, /params.id must be a string/],
  ];
  for (const [line, id, message] of cases) {
    const answer = await client.ask(line);
    t.equal(answer.id, id, line);
    t.match(answer.error, { code: 'HC_CONTROL_REQUEST', message, hint: /./ }, line);
  }
  t.same(engine.calls, [], 'none of them reached the engine');
  t.match(await client.ask('{"id":9,"method":"flatten"}'), { id: 9, result: 'c :: Counter;\n' });
});

t.test('a line beyond the limit is refused once and skipped', async (t) => {
  const { connect } = await setUp(t);
  const client = connect();
  client.socket.write('x'.repeat(3 * longestRequest));
  const { id, error } = await client.next();
  t.equal(id, null);
  t.match(error, { code: 'HC_CONTROL_REQUEST', message: /longer than 1048576 bytes/ });
  t.match(await client.ask('y\n{"id":1,"method":"read","params":{"path":"c.count"}}'), {
    id: 1,
    result: '1234',
  });
});

t.test('a request may come in pieces, several in one piece, and with empty lines between', async (t) => {
  const { connect } = await setUp(t);
  const client = connect();
  const line = '{"id":1,"method":"write","params":{"path":"c.é","value":"ü"}}\n';
  for (const byte of Buffer.from(line)) client.socket.write(Buffer.of(byte));
  t.match(await client.next(), { id: 1, result: null });
  client.socket.write('\n\r\n{"id":2,"method":"flatten"}\r\n{"id":3,"method":"flatten"}\n');
  t.match([await client.next(), await client.next()], [{ id: 2 }, { id: 3 }]);
});

t.test('requests run side by side and an id under way is not taken twice', async (t) => {
  const { connect } = await setUp(t);
  const client = connect();
  const slow = '{"id":1,"method":"tap","params":{"edge":"c[0]","file":"/tmp/x"}}';
  client.socket.write(`${slow}\n`);
  t.match(await client.ask(slow), { id: 1, error: { message: /id 1 is under way/ } });
  t.match(await client.ask('{"id":2,"method":"flatten"}'), { id: 2 });
  client.socket.write('{"id":3,"method":"cancel","params":{"id":1}}\n');
  const answers = [await client.next(), await client.next()];
  t.match(answers, [
    { id: 3, result: { cancelled: true } },
    { id: 1, result: { packets: 7 } },
  ]);
  t.match(await client.ask('{"id":4,"method":"cancel","params":{"id":1}}'), { result: { cancelled: false } });
});

t.test('one connection cannot start more requests than the bound', async (t) => {
  const { connect } = await setUp(t);
  const client = connect();
  for (let id = 0; id < 64; id += 1) {
    client.socket.write(`{"id":${id},"method":"tap","params":{"edge":"c[0]","file":"/tmp/x"}}\n`);
  }
  t.match(await client.ask('{"id":64,"method":"flatten"}'), { id: 64, error: { message: /more than 64/ } });
});

t.test('closing a connection cancels what it asked for, and nothing else', async (t) => {
  const { connect, engine } = await setUp(t);
  engine.endlessTrace = true;
  const leaving = connect();
  const staying = connect();
  await leaving.ask('{"id":1,"method":"trace","params":{"filter":"ip"}}');
  const signal = engine.signals.get('trace')!;
  await staying.ask('{"id":1,"method":"flatten"}');
  const aborted = once(signal, 'abort');
  leaving.socket.destroy();
  await aborted;
  t.match(await staying.ask('{"id":2,"method":"read","params":{"path":"c.count"}}'), { result: '1234' });
});

t.test('closing the server ends streams and answers what is under way', async (t) => {
  const { connect, server } = await setUp(t);
  const client = connect();
  client.socket.write('{"id":1,"method":"tap","params":{"edge":"c[0]","file":"/tmp/x"}}\n');
  await client.ask('{"id":2,"method":"flatten"}');
  const closed = server.close();
  t.match(await client.next(), { id: 1, result: { packets: 7 } });
  await closed;
});

t.test('the socket of an engine that died is replaced', async (t) => {
  const { directory } = await setUp(t);
  const path = join(directory, 'old.sock');
  // A listening socket that was closed without removing its file, as after kill -9.
  const dead = createServer().listen(join(directory, 'dying.sock'));
  await once(dead, 'listening');
  const { rename } = await import('node:fs/promises');
  await rename(join(directory, 'dying.sock'), path);
  dead.close();
  await once(dead, 'close');
  t.ok((await stat(path)).isSocket(), 'the old file is there');
  const server = await ControlServer.listen(new FakeEngine(), path);
  await using client = await ControlClient.connect(path);
  t.equal(await client.read('c.count'), '1234');
  await server.close();
});

t.test('the socket of a living engine is not taken', async (t) => {
  const { path, connect } = await setUp(t);
  await t.rejects(ControlServer.listen(new FakeEngine(), path), {
    code: 'HC_CONTROL_SOCKET',
    message: /already listens/,
    exitCode: 5,
  });
  t.match(await connect().ask('{"id":1,"method":"flatten"}'), { id: 1 }, 'the first one goes on');
});

t.test('a path that cannot be a socket is refused and left alone', async (t) => {
  const { directory } = await setUp(t);
  const file = join(directory, 'precious.txt');
  await writeFile(file, 'precious');
  await t.rejects(ControlServer.listen(new FakeEngine(), file), {
    code: 'HC_CONTROL_SOCKET',
    message: /is no socket/,
  });
  t.equal((await stat(file)).size, 8);
  await t.rejects(ControlServer.listen(new FakeEngine(), join(directory, 'no', 'such', 'directory')), {
    code: 'HC_CONTROL_SOCKET',
  });
  await t.rejects(ControlServer.listen(new FakeEngine(), join(directory, 'x'.repeat(120))), {
    code: 'HC_ARGUMENT',
    message: /1 to 106 bytes/,
  });
});
