import { Engine } from 'hotclick';

await using engine = await Engine.start({
  configuration: 'RatedSource(RATE 1000) -> count :: Counter -> Discard;',
});
while (Number(await engine.read('count.count')) < 100)
  await new Promise((resolve) => setTimeout(resolve, 10));
console.log(`${await engine.read('count.count')} packets`);
