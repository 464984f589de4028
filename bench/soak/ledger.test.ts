import t from 'tap';
import { Ledger } from './ledger.ts';

const quiet = { missing: 0, duplicated: 0, reordered: 0, tooLate: 0 };

t.test('a loss needs a cause', async (t) => {
  const ledger = new Ledger();
  ledger.account('upgrade', quiet);
  ledger.account('kill', { ...quiet, missing: 5000 }, { down: true });
  ledger.account('crash', { ...quiet, missing: 200 }, { crashes: 1 });
  ledger.account('upgrade', { ...quiet, missing: 3 }, { kernel: 7 });
  t.same(ledger.violations, []);
  t.same(ledger.byCause(), {
    'the engine was killed and nothing forwarded': 5000,
    'the batch in which new code crashed': 200,
    'the kernel had no room in a queue': 3,
  });
});

t.test('what has none is a violation', async (t) => {
  const ledger = new Ledger();
  ledger.account('upgrade', { ...quiet, missing: 1 });
  ledger.account('crash', { ...quiet, missing: 300 }, { crashes: 1 });
  ledger.account('rollback', { ...quiet, duplicated: 2, reordered: 1 });
  t.same(
    ledger.violations.map(({ what }) => what),
    [
      '1 packets were lost',
      '44 packets were lost',
      '2 packets arrived twice',
      '1 packets arrived out of order',
    ],
  );
});
