import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { clickSourceLines, parseClick } from '../../click-compat/index.ts';
import { checkGraph } from '../graph/check.ts';
import { formatDiagnostic } from '../graph/diagnostics.ts';
import { argumentFaults } from './check-arguments.ts';
import { ClassCatalogue } from './class-catalogue.ts';

const catalogue = await ClassCatalogue.open();

async function faultsOf(text: string): Promise<string[]> {
  const sourceLine = clickSourceLines(text, 'x.click');
  const graph = checkGraph(parseClick(text, { file: 'x.click' }), (name) => catalogue.describe(name));
  return (await argumentFaults(graph)).map((one) => formatDiagnostic(one, sourceLine));
}

t.test('each fault stands at its argument, in the order of the elements', async (t) => {
  const faults = await faultsOf(
    [
      'i :: InfiniteSource(LIMIT abc) -> c :: Classifier(12/0800, 12/08zz, -);',
      'c[0], c[1] -> s :: Strip -> d :: Discard;',
      'c[2] -> Counter -> d;',
    ].join('\n'),
  );
  t.equal(faults.length, 3);
  t.match(faults[0], /^x\.click:1:21: While configuring 'i :: InfiniteSource': LIMIT: .*'abc'\n/);
  t.match(faults[1], /^x\.click:1:60: While configuring 'c :: Classifier': .*12\/08zz/);
  t.equal(
    faults[2],
    [
      "x.click:2:15: While configuring 's :: Strip': argument LENGTH is missing",
      '  c[0], c[1] -> s :: Strip -> d :: Discard;',
      '                ^',
    ].join('\n'),
  );
});

t.test('nothing is opened: devices and files need not be there', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'hotclick-check-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const file = join(directory, 'out.pcap');
  t.same(await faultsOf(`FromDevice(nosuchdevice) -> ToDump(${file}); FromDump(/no/such) -> Discard`), []);
  t.notOk(existsSync(file));
});
