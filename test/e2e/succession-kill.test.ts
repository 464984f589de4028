/** kill -9 of either process while one takes the other's place: what is left goes on, or starts again, with every record. */
import t from 'tap';
import { runs } from '../../bench/lab/engine-process.ts';
import type { ProcessStrategy, UpgradeStep } from '../../engine/engine-types.ts';
import { until } from './laboratory.ts';
import { connectionPorts, type Succession, startSuccession, untilForwarding } from './succession.ts';

t.setTimeout(300_000);

const phases = ['prepare', 'quiesce', 'final', 'go'];

for (const strategy of ['restart', 'handover', 'two-process', 'dual-main'] as const) {
  t.test(strategy, async (t) => {
    const succession = await startSuccession(t);
    const ports = await connectionPorts(succession);
    for (const phase of phases) {
      t.comment(`the new process is killed in phase ${phase}`);
      await killNew(succession, strategy, phase);
      await untilForwarding(succession);
      t.same(await connectionPorts(succession), ports, 'every connection is known');

      t.comment(`the old process is killed in phase ${phase}`);
      const left = await killOld(succession, strategy, phase);
      await untilForwarding(succession);
      t.same(await connectionPorts(succession), ports, 'every connection is known');
      t.comment(left ? 'the new one had everything' : 'neither was left');
      const history = await succession.engine.client.history();
      t.same(
        history.filter(({ status }) => status === 'pending'),
        [],
        'no revision is pending',
      );
    }
    t.ok((await succession.engine.client.upgrade({}, { strategy })).successor, 'and it can still be done');
  });
}

/** The old process says what happened and goes on. */
async function killNew({ engine }: Succession, strategy: ProcessStrategy, phase: string): Promise<void> {
  const { pid } = engine;
  const error = await engine.client
    .upgrade({}, { strategy, onStep: killAt(phase, (successor) => successor) })
    .then(
      () => ({ code: 'none' }),
      (refused: { code: string }) => refused,
    );
  t.match(error, { code: /HC_SUCCESSION|HC_TRANSFER|HC_HOLDER/ }, 'the upgrade is refused');
  t.equal(engine.pid, pid, 'the old process goes on');
}

/** Whether the new process went on; otherwise the engine has been started again. */
async function killOld(succession: Succession, strategy: ProcessStrategy, phase: string): Promise<boolean> {
  const { engine } = succession;
  const old = engine.pid;
  let successor = 0;
  const onStep = killAt(phase, (pid) => {
    successor = pid;
    return old;
  });
  await engine.client.upgrade({}, { strategy, onStep }).catch(() => undefined);
  await until(() => !runs(old) && (!runs(successor) || engine.pid === successor));
  if (engine.pid !== successor) {
    await succession.start();
    return false;
  }
  await engine.reconnect();
  return true;
}

/** A listener that kills what `choose` makes of the new process's number as soon as a phase begins. */
function killAt(phase: string, choose: (successor: number) => number): (step: UpgradeStep) => void {
  let successor = 0;
  return ({ step, detail }) => {
    successor = Number(/^process (\d+)/.exec(detail)?.[1] ?? successor);
    if (step === phase) process.kill(choose(successor), 'SIGKILL');
  };
}
