/**
 * An engine inside a Node.js program: events, an upgrade, a change that is refused, a trace, and a clean end.
 *
 *     node --import tsx examples/embed/main.ts
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildElement, Engine, HotclickError } from 'hotclick';

const source = (version: string) =>
  fileURLToPath(new URL(`../elements/HostMeter/${version}/HostMeter.cc`, import.meta.url));

const configuration = `
  FastUDPSource(2000, -1, 100, 02:00:00:00:00:01, 10.0.0.1, 5000, 02:00:00:00:00:02, 10.0.0.2, 5001)
    -> meter :: HostMeter
    -> Discard;
`;

// A class that is not built in is found as CLASS.so in one of the directories of `libraryPath`.
const directory = await mkdtemp(join(tmpdir(), 'hotclick-embed-'));
await copyFile(await buildElement(source('v1')), join(directory, 'HostMeter.so'));

try {
  // Stops the engine at the end of the block, whatever happens in it.
  await using engine = await Engine.start({ configuration, threads: 2, libraryPath: [directory] });

  engine.on('log', ({ element, text }) => console.log(`log: ${element}: ${text}`));
  engine.on('upgrade', ({ revision, breaks }) => {
    const longest = Math.max(...breaks.map(({ breakNs }) => breakNs)) / 1000;
    console.log(`revision ${revision} runs; longest break ${longest.toFixed(1)} µs`);
  });
  engine.on('refused', ({ code }) => console.log(`refused: ${code}`));
  engine.on('failed', (error) => console.error('a shard died', error));

  const signal = AbortSignal.timeout(30_000);
  while (Number(await engine.read('meter.packets')) < 1000) await delay(10, undefined, { signal });
  console.log(`${(await engine.read('meter.hosts')).split(' ')[0]} is known`);

  // The signal can cancel it until the first shard rolls.
  await engine.upgrade(
    { HostMeter: source('v2') },
    { signal, onStep: ({ step, detail }) => console.log(`  ${step}: ${detail}`) },
  );

  try {
    await engine.apply(configuration.replace('HostMeter', 'HostMeter(TIMEOUT soon)'), {
      file: 'wrong.click',
    });
  } catch (error) {
    if (!(error instanceof HotclickError)) throw error;
    console.log(`${error.code}: ${error.message}`);
    console.log(`hint: ${error.hint}`);
  }

  for await (const { element, version, kind, to } of engine.trace('udp', { limit: 1, signal })) {
    console.log(`trace: ${element} ${version} ${kind} ${to ?? ''}`);
  }

  await engine.rollback();
  for (const { revision, kind, versions } of await engine.history()) {
    console.log(`history: ${revision} ${kind} HostMeter ${versions.HostMeter}`);
  }
} finally {
  await rm(directory, { recursive: true });
}
