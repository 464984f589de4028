/** A successor that goes wrong in any phase leaves the engine running where it was, with everything. */
import t from 'tap';
import { Engine, HostProcess, type HotclickError } from '../../engine/index.ts';
import { until, untilGrown } from '../upgrade/traffic.ts';
import { faultyNode, flows, startHere } from './engine-of-this-process.ts';

const patience = { prepared: 20_000, ready: 2000, running: 2000 };

t.setTimeout(180_000);

for (const strategy of ['restart', 'handover', 'two-process'] as const) {
  for (const fault of ['exit', 'fail', 'nonsense', 'hang']) {
    for (const phase of ['prepare', 'final', 'go']) {
      // A handover tells the new process to go when it has taken over, which this one never does.
      if (strategy === 'handover' && phase === 'go' && fault !== 'hang') continue;
      t.test(`${strategy}: ${fault} in phase ${phase}`, async (t) => {
        const short = fault === 'hang' && phase === 'prepare' ? { ...patience, prepared: 2000 } : patience;
        const { engine, directory } = await startHere(t, short);
        await until(engine, 'rw.size', flows);
        const counted = await until(engine, 'c.count', 2 * flows);
        const node = await faultyNode(directory, phase, fault);
        const error = await engine.upgrade({}, { strategy, node }).then(
          () => t.fail('it must be refused'),
          (refused: HotclickError) => refused,
        );
        t.match(error, { code: expectedCode(strategy, phase, fault) });
        t.equal(await engine.read('rw.size'), `${flows}`, 'every record is there');
        t.ok(Number(await engine.read('c.count')) >= counted, 'and the counts');
        const history = await engine.history();
        const failed = history.filter(({ status }) => status === 'failed');
        t.equal(failed.length, phase === 'prepare' ? 0 : 1, 'the journal knows what failed');
        t.match(
          history.filter(({ current }) => current),
          [{ status: 'committed' }],
          'and what runs',
        );
        await untilGrown(engine, 'c.count');
        await engine.sync();
      });
    }
  }
}

function expectedCode(strategy: string, phase: string, fault: string): string {
  if (fault === 'fail') return 'HC_DEVICE';
  return strategy === 'handover' && phase === 'go' ? 'HC_TRANSFER' : 'HC_SUCCESSION';
}

t.test('a Node.js that is not there', async (t) => {
  const { engine } = await startHere(t);
  const refused = engine.upgrade({}, { strategy: 'restart', node: '/nowhere/node' });
  await t.rejects(refused, { code: 'HC_SUCCESSION', message: /ENOENT/ });
  await untilGrown(engine, 'c.count');
});

t.test('an engine that nobody told how to start another refuses', async (t) => {
  const engine = await Engine.start({ configuration: 'Idle -> Discard;' });
  t.teardown(() => engine.stop());
  await t.rejects(engine.upgrade({}, { strategy: 'restart' }), { code: 'HC_ARGUMENT' });
});

t.test('without a store a restart would lose everything, and is refused', async (t) => {
  const host = await HostProcess.open({});
  const engine = await Engine.start({ configuration: 'Idle -> Discard;', host });
  t.teardown(() => engine.stop());
  await t.rejects(engine.upgrade({}, { strategy: 'restart' }), { code: 'HC_STORE' });
});
