/** Scripts in an engine of several shards: they see what the whole engine counts. */
import t from 'tap';
import { Engine } from '../../../engine/engine.ts';

async function printed(configuration: string, threads: number): Promise<string[]> {
  const lines: string[] = [];
  await using engine = await Engine.start({ configuration, threads, packets: 4096 });
  const stopped = new Promise<void>((resolve) => engine.on('stopped', resolve));
  engine.on('print', ({ text }) => lines.push(text));
  engine.on('log', ({ text }) => lines.push(`log: ${text}`));
  await stopped;
  return lines;
}

t.test('a handler has the merged value of all shards', async (t) => {
  const configuration = `
    InfiniteSource(LIMIT 1001, STOP true) -> c :: Counter -> q :: Queue(2000) -> Unqueue -> d :: Discard;
    DriverManager(wait_stop, label again, goto again $(lt $(d.count) 1001),
      print c.count, print "$(c.byte_count) $(q.capacity)");`;
  for (const threads of [1, 3]) t.same(await printed(configuration, threads), ['1001', '67067 2000']);
});

t.test('what every element tells about itself can be read', async (t) => {
  const configuration = `
    InfiniteSource(LIMIT 0) -> c :: Counter(COUNT_CALL 5 d.reset) -> d :: Discard;
    Script(print c.name, print c.class, print c.config, print c.class_version, print c.nothing, stop);`;
  for (const threads of [1, 2]) {
    t.same((await printed(configuration, threads)).sort(), [
      '1.0.0',
      'COUNT_CALL 5 d.reset',
      'Counter',
      'c',
      "log: While executing 'Script@4 :: Script': no read handler 'c.nothing'",
    ]);
  }
});

t.test('shards that ask each other all get an answer', async (t) => {
  // A packet script runs in every shard, so both read the other's counter at the same time.
  const configuration = `
    InfiniteSource(LIMIT 400, STOP true) -> c :: Counter
      -> Script(TYPE PACKET, return $(if $(gt $(c.count) 0) 0 1)) -> d :: Discard;
    DriverManager(wait_stop, label again, goto again $(lt $(d.count) 400), print d.count);`;
  t.same(await printed(configuration, 2), ['400']);
});
