import { spawnSync } from 'node:child_process';
import t from 'tap';
import { enterUserNamespace, missingCapabilities } from './privilege.ts';

const program = `
  const { enterUserNamespace } = await import('${new URL('./privilege.ts', import.meta.url)}');
  const { NetworkLab } = await import('${new URL('./network-lab.ts', import.meta.url)}');
  try {
    const privilege = await enterUserNamespace();
    if (privilege.kind === 'delegated') {
      process.exitCode = privilege.exitStatus;
    } else {
      const lab = await NetworkLab.create();
      await lab.exec('client', ['ip', 'link', 'show', lab.client.device]);
      await lab[Symbol.asyncDispose]();
      console.log(privilege.kind);
      process.exitCode = 42;
    }
  } catch (error) {
    console.log(error.code + ': ' + error.message + ' (' + error.hint + ')');
    process.exitCode = 1;
  }`;

const withoutCapabilities = ['setpriv', '--inh-caps=-all', '--bounding-set=-all'];

function run(prefix: string[]) {
  const node = [
    process.execPath,
    '--import',
    import.meta.resolve('tsx'),
    '--input-type=module',
    '-e',
    program,
  ];
  const [command = '', ...args] = [...prefix, ...node];
  return spawnSync(command, args, { encoding: 'utf8' });
}

t.test('with all capabilities the program goes on where it is', async (t) => {
  t.same(missingCapabilities(), [], 'these tests need root (CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN)');
  t.same(await enterUserNamespace(), { kind: 'root' });
});

t.test('capabilities are read from the kernel status text', async (t) => {
  t.same(missingCapabilities('CapEff:\t0000000000000000\n'), [
    'CAP_NET_ADMIN',
    'CAP_NET_RAW',
    'CAP_SYS_ADMIN',
  ]);
  t.same(missingCapabilities('CapEff:\t0000000000203000\n'), []);
  t.same(missingCapabilities('CapEff:\t0000000000003000\n'), ['CAP_SYS_ADMIN']);
});

t.test('an ordinary user works in a namespace of its own and gets its exit status', async (t) => {
  // To the kernel an ordinary user, and still the owner of root's files, wherever this package lies.
  const ordinaryUser = ['unshare', '-U', '--map-user=65534', '--map-group=65534'];
  const [command = '', ...args] = [...ordinaryUser, 'unshare', '-Urnm', 'true'];
  const allowed = spawnSync(command, args).status === 0;
  t.comment(`user namespaces are ${allowed ? 'allowed' : 'refused'} here`);
  const { stdout, stderr, status } = run(ordinaryUser);
  if (allowed) {
    t.equal(stdout, 'namespace\n', stderr);
    t.equal(status, 42);
  } else {
    t.match(stdout, /^HC_PRIVILEGE/, stderr);
    t.equal(status, 1);
  }
});

t.test('where user namespaces are refused too it says what is needed', async (t) => {
  const refuse = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
  const { stdout, stderr, status } = run([
    'unshare',
    '-Ur',
    'sh',
    '-c',
    refuse,
    'sh',
    ...withoutCapabilities,
  ]);
  t.equal(status, 1, stderr);
  t.match(
    stdout,
    /^HC_PRIVILEGE: network namespaces cannot be made: CAP_NET_ADMIN, .*unshare: .*run as root/,
  );
});
