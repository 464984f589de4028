import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import t from 'tap';
import { runCommand } from './command.ts';
import { makerOf } from './lab-names.ts';
import { NetworkLab } from './network-lab.ts';
import { sweep } from './sweep.ts';

const listen = `
const server = require('node:net').createServer((socket) => socket.end('hello'));
server.listen(7000, () => console.log('listening'));`;

const ask = (address: string) => `
const socket = require('node:net').connect({ host: '${address}', port: 7000 });
socket.pipe(process.stdout);`;

async function greeting(lab: NetworkLab): Promise<string> {
  const server = lab.spawn('server', [process.execPath, '-e', listen], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(server.stdout!, 'data');
  return (await lab.exec('client', [process.execPath, '-e', ask(lab.server.ip)])).stdout;
}

async function everyName(): Promise<string[]> {
  const namespaces = await runCommand(['ip', 'netns', 'list']);
  const links = await runCommand(['ip', '-o', 'link', 'show']);
  return [...new Set(`${namespaces.stdout}\n${links.stdout}`.match(/\bhc-[\w-]+/g))];
}

t.test('two laboratories at once, both forwarded by the kernel, reach their own server', async (t) => {
  const labs = await Promise.all([
    NetworkLab.create({ engineNamespace: true, forwarding: 'kernel' }),
    NetworkLab.create({
      engineNamespace: true,
      forwarding: 'kernel',
      mode: 'bridge',
      staticNeighbours: true,
    }),
  ]);
  try {
    t.same(await Promise.all(labs.map(greeting)), ['hello', 'hello']);
  } finally {
    await Promise.all(labs.map((lab) => lab[Symbol.asyncDispose]()));
  }
});

t.test('the engine gets bare devices: no address, no IPv6, no offloads', async (t) => {
  const lab = await NetworkLab.create();
  try {
    for (const { device, mac } of [lab.engine.clientSide, lab.engine.serverSide]) {
      const { stdout } = await lab.exec('engine', ['ip', 'address', 'show', device]);
      t.match(stdout, mac);
      t.notMatch(stdout, /inet/);
      const features = (await lab.exec('engine', ['ethtool', '-k', device])).stdout;
      for (const feature of ['rx-checksumming', 'tx-checksumming', 'tcp-segmentation-offload']) {
        t.match(features, `${feature}: off`);
      }
      for (const feature of ['generic-segmentation-offload', 'generic-receive-offload']) {
        t.match(features, `${feature}: off`);
      }
    }
  } finally {
    await lab[Symbol.asyncDispose]();
  }
});

t.test('disposal ends the programs and removes everything, and may be repeated', async (t) => {
  const lab = await NetworkLab.create();
  const child = lab.spawn('client', ['sleep', '1000']);
  const ended = once(child, 'exit');
  await lab[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
  await ended;
  const names = await everyName();
  for (const name of [lab.client.namespace, lab.server.namespace, lab.engine.clientSide.device]) {
    t.notOk(names.includes(name), name);
  }
});

t.test('a creation that fails leaves nothing behind and touches nobody else', async (t) => {
  const lab = await NetworkLab.create({ suffix: 'same' });
  try {
    await t.rejects(NetworkLab.create({ suffix: 'same' }), { code: 'HC_LAB', message: /ip netns add/ });
    const names = await everyName();
    t.ok(names.includes(lab.client.namespace));
    t.ok(names.includes(lab.engine.clientSide.device));
  } finally {
    await lab[Symbol.asyncDispose]();
  }
  const controller = new AbortController();
  const creation = NetworkLab.create({ signal: controller.signal, suffix: 'stop' });
  setImmediate(() => controller.abort());
  await t.rejects(creation, { name: 'AbortError' });
  t.same(
    (await everyName()).filter((name) => name.endsWith('-stop')),
    [],
  );
});

t.test('a program that fails in a namespace is named with what it wrote', async (t) => {
  const lab = await NetworkLab.create();
  try {
    await t.rejects(lab.exec('client', ['sh', '-c', 'echo too bad >&2; exit 3']), {
      code: 'HC_LAB',
      message: /exit status 3: too bad/,
    });
  } finally {
    await lab[Symbol.asyncDispose]();
  }
});

t.test('arguments that cannot work are refused before anything is made', async (t) => {
  await t.rejects(NetworkLab.create({ suffix: 'too long' }), { code: 'HC_ARGUMENT' });
  await t.rejects(NetworkLab.create({ forwarding: 'kernel' }), { code: 'HC_ARGUMENT' });
});

t.test('a sweep removes what a killed program left, and nothing of the living', async (t) => {
  const program = `
    const { NetworkLab } = await import('${new URL('./network-lab.ts', import.meta.url)}');
    const lab = await NetworkLab.create();
    lab.spawn('client', ['sleep', '1000']);
    console.log(lab.client.namespace + ' ' + lab.engine.clientSide.device);
    setInterval(() => {}, 1000);`;
  const loader = ['--import', import.meta.resolve('tsx'), '--input-type=module'];
  const child = spawn(process.execPath, [...loader, '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const names = line.split(' ');
  t.equal(makerOf(names[0] ?? ''), child.pid);

  await sweep();
  t.same(
    (await everyName()).filter((name) => names.includes(name)).sort(),
    [...names].sort(),
    'alive: untouched',
  );

  child.kill('SIGKILL');
  await once(child, 'exit');
  await sweep();
  t.same(
    (await everyName()).filter((name) => names.includes(name)),
    [],
  );
});
