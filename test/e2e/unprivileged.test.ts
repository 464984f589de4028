import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';

t.setTimeout(120_000);

const program = fileURLToPath(new URL('./unprivileged-program.ts', import.meta.url));
/** To the kernel an ordinary user, and still the owner of root's files, wherever this package lies. */
const ordinaryUser = ['unshare', '-U', '--map-user=65534', '--map-group=65534'];
const refuse = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
/** A user who may not even make a user namespace. */
const nobody = [
  'unshare',
  '-Ur',
  'sh',
  '-c',
  refuse,
  'sh',
  'setpriv',
  '--inh-caps=-all',
  '--bounding-set=-all',
];

function run(prefix: readonly string[]) {
  const [command = '', ...args] = [
    ...prefix,
    process.execPath,
    '--import',
    import.meta.resolve('tsx'),
    program,
  ];
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8' });
  const line = stdout.trim();
  return { status, stderr, said: line === '' ? undefined : (JSON.parse(line) as Record<string, unknown>) };
}

t.test(
  'an ordinary user gets namespaces, an engine between them, and an upgrade under traffic',
  async (t) => {
    const allowed =
      spawnSync(ordinaryUser[0]!, [...ordinaryUser.slice(1), 'unshare', '-Urnm', 'true']).status === 0;
    t.comment(`user namespaces are ${allowed ? 'allowed' : 'refused'} here`);
    const { status, stderr, said } = run(ordinaryUser);
    if (!allowed) return t.match(said, { code: 'HC_PRIVILEGE', hint: /user namespaces/ });
    t.match(said, { privilege: 'namespace', revision: 2, duplicated: 0, reordered: 0 }, stderr);
    t.ok(Number(said?.received) >= 1500);
    t.equal(status, 0);
  },
);

t.test('where the kernel allows neither, the program ends with what it needs', async (t) => {
  const { status, said } = run(nobody);
  t.match(said, { code: 'HC_PRIVILEGE', message: /user namespace/, hint: /run as root/ });
  t.equal(status, 1);
});
