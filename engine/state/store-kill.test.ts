/** kill -9 at random times under load: the store opens, every transaction is whole, at most one interval is missing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decodePage, decodeStatic } from './decode.ts';
import { RevisionJournal } from './journal.ts';
import type { PublishedState } from './state-page.ts';
import { StateStore } from './store.ts';
import { counts, flow, flowPage } from './testing/sample-state.ts';

const self = fileURLToPath(import.meta.url);
const pagesPerWrite = 24;
const graph = { elements: [], connections: [], requirements: [] };

/** One interval: every page and static value of both shards carries the generation. */
function interval(revision: number, generation: number): PublishedState {
  const pages = Array.from({ length: pagesPerWrite }, (_, page) =>
    flowPage(page >> 1, [flow(64 * (page >> 1), generation)], page & 1),
  );
  return { revision, pages, statics: [counts(generation), counts(generation, 0, 1)] };
}

/** The child: an engine that recovers its journal, begins a revision and then writes as fast as it can. */
async function write(directory: string): Promise<void> {
  const store = await StateStore.open(directory, { keepRevisions: 3 });
  const journal = new RevisionJournal(store);
  await journal.recover();
  const draft = {
    kind: 'start',
    graphText: 'Idle;',
    graph,
    libraries: {},
    strategy: 'swap',
    shards: 1,
  } as const;
  const { revision } = await journal.begin(draft);
  await journal.step(revision, 'rolled:0');
  await journal.commit(revision);
  let generation = [...generationsOf(store)][0] ?? 0;
  for (;;) {
    generation++;
    await store.writeState(interval(revision, generation));
    writeSync(1, `${generation}\n`);
    if (generation % 7 === 0) await store.pruneRevisions();
  }
}

/** The distinct generations in the store: one when every transaction was whole. */
function generationsOf(store: StateStore): Set<number> {
  const found = new Set<number>();
  let values = 0;
  for (const { layout, page, data } of store.loadState()) {
    values++;
    if (page === undefined) found.add(Number(decodeStatic(layout, data).accepted));
    else for (const { value } of decodePage(layout, page, data)) found.add(Number(value.packets));
  }
  if (values !== 0 && values !== pagesPerWrite + 2)
    throw new Error(`${values} values of ${pagesPerWrite + 2}`);
  return found;
}

async function killAfterRandomTime(directory: string, wait: number): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', self, 'write', directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    output += text;
  });
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  await delay(wait);
  child.kill('SIGKILL');
  const [, signal] = await closed;
  if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself: ${signal}`);
  // The last line may be cut in the middle of a number.
  return Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1));
}

async function killRepeatedly(): Promise<void> {
  const { default: t } = await import('tap'); // not needed by the children, which should start quickly
  const kills = 100;
  t.setTimeout(600_000); // each kill starts a process
  let seed = Date.now() >>> 0;
  t.comment(`seed ${seed}`);
  const directory = mkdtempSync(join(tmpdir(), 'hotclick-kill-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  let whole = 0;
  for (let kill = 0; kill < kills; kill++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const wait = (seed >>> 8) % 40;
    const acknowledged = await killAfterRandomTime(directory, wait);
    await using store = await StateStore.open(directory);
    const generations = [...generationsOf(store)];
    const stored = generations[0] ?? 0;
    const good = generations.length === 1 && (stored === acknowledged || stored === acknowledged + 1);
    const described = `kill ${kill} after ${wait} ms: acknowledged ${acknowledged}, stored ${generations}`;
    if (good) whole++;
    else t.fail(described);
    const pending = new RevisionJournal(store).list().filter(({ status }) => status === 'pending');
    if (pending.length > 1) t.fail(`${described}: ${pending.length} revisions pending`);
  }
  t.equal(whole, kills, `of ${kills} kills all left the last acknowledged interval, whole`);
}

if (process.argv[2] === 'write') await write(process.argv[3] ?? '');
else await killRepeatedly();
