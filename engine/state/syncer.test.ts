import { EventEmitter, once } from 'node:events';
import t from 'tap';
import type { PublishedState } from './state-page.ts';
import type { WriteOptions } from './store.ts';
import { storeError, storeFailure } from './store-error.ts';
import { type StateSink, StateSyncer, type SyncerOptions } from './syncer.ts';
import { counts, flow, flowPage } from './testing/sample-state.ts';

/** A store that can be made to fail or to wait. */
class FakeStore implements StateSink {
  readonly directory = '/';
  readonly events = new EventEmitter();
  readonly written: { published: PublishedState; options: WriteOptions | undefined }[] = [];
  full = false;
  gate: Promise<void> | undefined;
  writing = 0;
  overlapped = false;

  async writeState(published: PublishedState, options?: WriteOptions): Promise<void> {
    this.overlapped ||= this.writing > 0;
    this.writing++;
    await this.gate;
    this.writing--;
    if (this.full) throw storeError('full', 'no space');
    this.written.push({ published, options });
    this.events.emit('written');
  }
}

function setUp(options: SyncerOptions = {}, states: PublishedState[] = []) {
  const store = new FakeStore();
  let collected = 0;
  const source = {
    collect: () => states[collected++] ?? { revision: 1, pages: [], statics: [counts(collected)] },
  };
  const syncer = new StateSyncer(store, source, options);
  return { store, syncer, collections: () => collected };
}

t.test('it writes what the source collected, again and again', async (t) => {
  const { store, syncer } = setUp({ interval: 1 });
  syncer.start();
  syncer.start();
  while (store.written.length < 3) await once(store.events, 'written');
  await syncer.stop();
  const before = store.written.length;
  t.ok(syncer.stats.syncs >= 3);
  t.match(syncer.stats, { failures: 0, failing: 0, lastBytes: 16, lastPages: 0 });
  t.equal(store.written.length, before, 'and nothing after it was stopped');
});

t.test('syncs never overlap, whoever asks', async (t) => {
  const { store, syncer, collections } = setUp({ interval: 1 });
  let open = () => {};
  store.gate = new Promise((resolve) => {
    open = resolve;
  });
  syncer.start();
  const first = syncer.flush();
  const second = syncer.flush();
  t.equal(collections(), 1);
  open();
  await Promise.all([first, second]);
  await syncer.stop();
  t.notOk(store.overlapped);
});

t.test('flush writes what was there when it was called', async (t) => {
  const { store, syncer } = setUp({}, [{ revision: 4, pages: [flowPage(0, [flow(0, 1)])], statics: [] }]);
  await syncer.flush();
  t.match(store.written, [{ published: { revision: 4, pages: [{ page: 0 }] } }]);
  t.match(syncer.stats, { syncs: 1, lastPages: 1 });
});

t.test('what could not be written is written with what came later', async (t) => {
  const errors: unknown[] = [];
  let recovered = 0;
  const states: PublishedState[] = [
    { revision: 1, pages: [flowPage(0, [flow(0, 1)]), flowPage(1, [flow(64, 1)])], statics: [counts(1)] },
    { revision: 1, pages: [flowPage(0, [flow(0, 2)])], statics: [] },
    { revision: 2, pages: [flowPage(2, [flow(128, 3)])], statics: [counts(3)] },
  ];
  const { store, syncer } = setUp(
    { onError: (error) => errors.push(storeFailure(error)), onRecovered: () => recovered++ },
    states,
  );
  store.full = true;
  await t.rejects(syncer.flush(), { code: 'HC_STORE' });
  await t.rejects(syncer.flush(), { code: 'HC_STORE' });
  t.match(syncer.stats, { syncs: 0, failures: 2, failing: 2 });
  store.full = false;
  await syncer.flush();
  t.same(errors, ['full', 'full']);
  t.equal(recovered, 1);
  t.match(syncer.stats, { syncs: 1, failing: 0 });
  const [written] = store.written;
  t.equal(written?.published.revision, 2);
  t.same(written?.published.pages, [states[1]?.pages[0], states[0]?.pages[1], states[2]?.pages[0]]);
  t.same(written?.published.statics, states[2]?.statics);
  await syncer.flush();
  t.equal(store.written[1]?.published.pages.length, 0, 'and only once');
});

t.test('it keeps trying by itself', async (t) => {
  const events = new EventEmitter();
  const { store, syncer } = setUp({
    interval: 1,
    onError: () => events.emit('error-seen'),
    onRecovered: () => events.emit('recovered'),
  });
  store.full = true;
  const failed = once(events, 'error-seen');
  const recovered = once(events, 'recovered');
  syncer.start();
  await failed;
  store.full = false;
  await recovered;
  await syncer.stop();
  t.ok(store.written.length > 0);
});

t.test('a source that fails is reported and asked again', async (t) => {
  const errors: string[] = [];
  const store = new FakeStore();
  let asked = 0;
  const source = {
    collect: () => {
      if (asked++ === 0) throw new Error('a shard does not answer');
      return { revision: 1, pages: [], statics: [counts(1)] };
    },
  };
  const syncer = new StateSyncer(store, source, { onError: (error) => errors.push(error.message) });
  await t.rejects(syncer.flush(), { code: 'HC_STORE', message: /a shard does not answer/ });
  await syncer.flush();
  t.equal(errors.length, 1);
  t.equal(store.written.length, 1);
});

t.test('only the first successful sync is a complete one', async (t) => {
  const { store, syncer } = setUp({ complete: true });
  store.full = true;
  await t.rejects(syncer.flush());
  store.full = false;
  await syncer.flush();
  await syncer.flush();
  t.same(
    store.written.map(({ options }) => options?.complete),
    [true, false],
  );
});

t.test('stopping syncs once more and does not throw when it cannot', async (t) => {
  const errors: unknown[] = [];
  const { store, syncer, collections } = setUp({ onError: (error) => errors.push(error) });
  syncer.start();
  await syncer.stop();
  t.equal(collections(), 1);
  store.full = true;
  await syncer.stop();
  t.equal(errors.length, 1);
});
