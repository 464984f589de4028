import t from 'tap';
import { withTimeouts } from './firewall-configuration.ts';
import { partsOf } from './table-filler.ts';

t.test('a million connections differ in address or port, and stay within one network', async (t) => {
  const parts = partsOf(1_000_000);
  t.equal(
    parts.reduce((sum, { flows }) => sum + flows, 0),
    1_000_000,
  );
  t.equal(new Set(parts.map(({ address }) => address)).size, parts.length);
  const hosts = parts.map(({ address }) => Number(/^10\.1\.0\.(\d+)$/.exec(address)?.[1]));
  t.ok(hosts.every((host) => host > 3 && host < 250));
});

t.test('the last part is what is left', async (t) => {
  t.same(
    partsOf(20_001).map(({ flows }) => flows),
    [20_000, 1],
  );
  t.same(partsOf(0), []);
});

t.test('the firewall of the example gets timeouts that outlast the measurement', async (t) => {
  t.match(withTimeouts('fw :: Firewall(allow udp);'), /Firewall\(\s+UDP_TIMEOUT \d+, .*,allow udp\);/);
  t.throws(() => withTimeouts('fw :: Counter;'), { code: 'HC_LAB' });
});
