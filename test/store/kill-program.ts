/**
 * An engine that kills itself with SIGKILL at one point of an upgrade transaction; see kill-steps.test.ts. It says on its
 * output what it found at its start, then brings Totals 1 to run, then upgrades it and dies.
 *
 *     kill-program.ts STORE LIBRARIES POINT
 *
 * POINT is 'step NAME DETAIL…' (a step begins), 'before WRITE' or 'after WRITE' (a write of the journal).
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../engine/engine.ts';
import type { UpgradeOptions, UpgradeStep } from '../../engine/engine-types.ts';
import { RevisionJournal } from '../../engine/state/journal.ts';
import { until } from '../upgrade/traffic.ts';

const [store = '', libraries = '', point = '', ending = ''] = process.argv.slice(2);
const configuration = 'src :: RatedSource(RATE 20000) -> totals :: Totals -> out :: Discard;';

const engine = await Engine.start({ configuration, store, threads: 2, libraryPath: [libraries] });
const version = async () =>
  (await engine.stats()).elements.find(({ element }) => element === 'totals')?.version;
writeSync(
  1,
  `${JSON.stringify({
    version: await version(),
    packets: Number(await engine.read('totals.packets')),
    history: await engine.history(),
  })}\n`,
);
if (point === '') {
  await engine.stop();
  process.exit();
}
if ((await version()) !== '1.0.0') await engine.upgrade({ Totals: join(libraries, 'Totals.so') });
await until(engine, 'totals.packets', Number(await engine.read('totals.packets')) + 1000);
await engine.stateList();
writeSync(1, `${JSON.stringify({ synced: Number(await engine.read('totals.packets')) - 1000 })}\n`);

function reached(here: string): void {
  if (here === point) process.kill(process.pid, 'SIGKILL');
}
const { begin, step, commit, undo } = RevisionJournal.prototype;
function around<A extends unknown[], R>(name: (args: A) => string, write: (...args: A) => Promise<R>) {
  return async function (this: RevisionJournal, ...args: A): Promise<R> {
    reached(`before ${name(args)}`);
    const result = await write.apply(this, args);
    reached(`after ${name(args)}`);
    return result;
  };
}
RevisionJournal.prototype.begin = around(() => 'begin', begin);
RevisionJournal.prototype.step = around(([, name]) => name, step);
RevisionJournal.prototype.commit = around(() => 'commit', commit);
RevisionJournal.prototype.undo = around(() => 'undo', undo);

const options: UpgradeOptions = {
  canary: 1,
  watch: 200,
  guards: { throughput: 'off', latency: 'off', divergence: 'off' },
  onStep: ({ step: name, detail }: UpgradeStep) =>
    reached(`step ${name} ${detail.replace(/ \d+$/, (number) => (name === 'roll' ? number : ''))}`),
};
const next = ending === 'crash' ? 'Totals-crash.so' : 'Totals2.so';
await engine.upgrade({ Totals: join(libraries, next) }, options).catch(() => undefined);
writeSync(1, `${JSON.stringify({ survived: point })}\n`);
process.kill(process.pid, 'SIGKILL');
