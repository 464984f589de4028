import { text } from 'node:stream/consumers';
import t from 'tap';
import { ChildChannel } from './child-channel.js';
import { Program } from './program.ts';

t.test('what a program writes and how it ends', async (t) => {
  const program = new Program('sh', {
    args: ['-c', 'echo out; echo "$WORD" >&2; exit 7'],
    env: { WORD: 'err' },
  });
  const [out, err, end] = await Promise.all([text(program.stdout), text(program.stderr), program.closed]);
  t.same([out, err, end], ['out\n', 'err\n', { status: 7, signal: null }]);
});

t.test('a signal that ends it is named', async (t) => {
  const program = new Program('sleep', { args: ['600'] });
  program.stdout.resume();
  program.stderr.resume();
  program.kill('SIGKILL');
  t.same(await program.closed, { status: null, signal: 'SIGKILL' });
  program.kill();
});

t.test('a program that is not there', async (t) => {
  t.throws(() => new Program('hotclick-no-such-program', { args: [] }), { code: 'ENOENT' });
});

t.test('signals that Node.js ignores or handles are as for any program', async (t) => {
  const program = new Program('grep', { args: ['-E', '^Sig(Ign|Blk)', '/proc/self/status'] });
  program.stderr.resume();
  const masks = (await text(program.stdout)).match(/[0-9a-f]{16}/g) ?? [];
  t.equal(masks.length, 2);
  // The C library keeps 32 and 33 for itself.
  t.ok(masks.every((mask) => (BigInt(`0x${mask}`) & 0x7fff_ffffn) === 0n));
});

t.test('values of any size go over the channel whole and in order', async (t) => {
  const program = new Program('sh', { args: ['-c', 'cat <&3 >&3'], withChannel: true });
  program.stdout.resume();
  program.stderr.resume();
  const large = { bytes: new Uint8Array(300_000).fill(7), count: 5n };
  const back: unknown[] = [];
  await new Promise<void>((done) => {
    const channel = new ChildChannel(program.channel!, (value) => {
      if (back.push(value) === 2) done();
    });
    channel.send(large);
    channel.send('after it');
  });
  t.match(back, [{ count: 5n }, 'after it']);
  t.same((back[0] as typeof large).bytes, large.bytes);
  program.channel!.end();
  t.match(await program.closed, { status: 0 });
});
