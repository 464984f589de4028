import { readFileSync } from 'node:fs';
import t from 'tap';
import { parseClick } from '../../click-compat/index.ts';
import { Engine } from '../../engine/engine.ts';
import { generatedScenarios } from '../scenarios/generate.ts';
import { parseDatapathOptions } from './datapath-options.ts';
import { scenarios, scenarioText } from './scenarios.ts';

t.test('the generated scenarios are what the generator writes', (t) => {
  for (const [name, text] of generatedScenarios()) {
    t.equal(readFileSync(new URL(`../scenarios/${name}`, import.meta.url), 'utf8'), text, name);
  }
  t.end();
});

t.test('every scenario has its counters', (t) => {
  for (const scenario of scenarios) {
    const { elements } = parseClick(scenarioText(scenario), { file: scenario.name });
    for (const counter of scenario.counters) {
      t.equal(
        elements.find(({ name }) => name === counter)?.className,
        'Counter',
        `${scenario.name}: ${counter}`,
      );
    }
  }
  t.end();
});

t.test('packets go through every scenario and none is lost on the way', async (t) => {
  for (const scenario of scenarios.filter(({ flows = 0 }) => flows < 50_000)) {
    const configuration = scenarioText(scenario)
      .replaceAll('LIMIT -1', 'LIMIT 6400')
      .replace('(0, -1,', '(0, 6400,');
    await using engine = await Engine.start({ configuration, file: scenario.name });
    const count = async () => {
      const counts = await Promise.all(scenario.counters.map((name) => engine.read(`${name}.count`)));
      return counts.map(Number);
    };
    let counts = await count();
    while (counts.some((packets) => packets < 6400)) counts = await count();
    t.same(
      counts,
      scenario.counters.map(() => 6400),
      scenario.name,
    );
    const { elements } = await engine.stats();
    const dropped = elements.flatMap(({ drops }) => Object.values(drops)).reduce((sum, n) => sum + n, 0);
    t.equal(dropped, 0, `${scenario.name}: drops`);
  }
});

t.test('the command line: choices, least values, mistakes', (t) => {
  const options = parseDatapathOptions(['--scenario', 'nat-1,ip-router', '--threads', '2', '--runs', '1']);
  t.same(
    options.scenarios.map(({ name }) => name),
    ['nat-1', 'ip-router'],
  );
  t.same([options.threads, options.runs, options.measureMs, options.clock], [[2], 5, 1000, 'wall']);
  t.equal(parseDatapathOptions([]).scenarios.length, scenarios.length);
  for (const wrong of [
    ['--scenario', 'nat-2'],
    ['--threads', 'x'],
    ['--clock', 'sun'],
    ['--nothing'],
    ['--runs', '0'],
  ]) {
    t.throws(() => parseDatapathOptions(wrong), { name: 'BenchmarkUsageError' }, wrong.join(' '));
  }
  t.end();
});
