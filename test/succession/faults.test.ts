/** A successor that goes wrong in any phase leaves the engine running where it was, with everything. */
import t from 'tap';
import { Engine, HostProcess, type HotclickError } from '../../engine/index.ts';
import { until, untilGrown } from '../upgrade/traffic.ts';
import { faultyNode, flows, startHere } from './engine-of-this-process.ts';

const patience = { prepared: 20_000, ready: 2000, running: 2000 };

t.setTimeout(180_000);

for (const fault of ['exit', 'fail', 'nonsense', 'hang']) {
  for (const phase of ['prepare', 'final', 'go']) {
    t.test(`restart: ${fault} in phase ${phase}`, async (t) => {
      const short = fault === 'hang' && phase === 'prepare' ? { ...patience, prepared: 2000 } : patience;
      const { engine, directory } = await startHere(t, short);
      await until(engine, 'rw.size', flows);
      const counted = await until(engine, 'c.count', 2 * flows);
      const node = await faultyNode(directory, phase, fault);
      const error = await engine.upgrade({}, { strategy: 'restart', node }).then(
        () => t.fail('it must be refused'),
        (refused: HotclickError) => refused,
      );
      t.match(error, { code: fault === 'fail' ? 'HC_DEVICE' : 'HC_SUCCESSION' });
      t.equal(await engine.read('rw.size'), `${flows}`, 'every record is there');
      t.ok(Number(await engine.read('c.count')) >= counted, 'and the counts');
      const history = await engine.history();
      t.equal(
        history.at(phase === 'prepare' ? -1 : -2)?.status,
        phase === 'prepare' ? 'committed' : 'failed',
      );
      t.equal(history.at(-1)?.current, true, 'what runs is known');
      await untilGrown(engine, 'c.count');
      t.pass('and packets flow');
    });
  }
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
