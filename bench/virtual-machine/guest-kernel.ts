/** A kernel for the guest: Debian's cloud kernel, unpacked from its package and kept between runs. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HotclickError } from '../../engine/errors.ts';
import { runCommand } from '../lab/command.ts';

export interface GuestKernel {
  readonly image: string;
  readonly version: string;
  /** What the guest loads before it can see its disk and its network cards, in this order. */
  readonly modules: readonly string[];
}

const metaPackage = 'linux-image-cloud-amd64';
const wanted = ['virtio_pci', 'virtio_blk', 'virtio_net', 'ext4'];

/** Downloads the newest kernel that the machine's package lists know, unless `cache` has it already. @throws HotclickError HC_LAB */
export async function guestKernel(cache: string): Promise<GuestKernel> {
  const name = await newestPackage();
  const folder = join(cache, name);
  if (!existsSync(folder)) await unpack(name, folder);
  return JSON.parse(await readFile(join(folder, 'kernel.json'), 'utf8')) as GuestKernel;
}

async function newestPackage(): Promise<string> {
  const { stdout } = await runCommand(['apt-cache', 'depends', metaPackage]);
  const name = /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
  if (name) return name;
  throw new HotclickError('HC_LAB', `the package lists do not know ${metaPackage}`, {
    hint: 'run `apt-get update` first',
  });
}

async function unpack(name: string, folder: string): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  const work = await mkdtemp(`${folder}-`);
  try {
    await runCommand(['sh', '-c', 'cd "$1" && apt-get download -qq "$2"', 'sh', work, name]);
    const [archive] = (await readdir(work)).filter((file) => file.endsWith('.deb'));
    const tree = join(work, 'tree');
    await runCommand(['dpkg-deb', '-x', join(work, archive!), tree]);
    const version = name.replace('linux-image-', '');
    const kept = join(work, 'kept');
    await mkdir(kept);
    await copyFile(join(tree, 'boot', `vmlinuz-${version}`), join(kept, 'vmlinuz'));
    const modules = await copyModules(join(tree, 'lib', 'modules', version), kept);
    const kernel: GuestKernel = {
      image: join(folder, 'vmlinuz'),
      version,
      modules: modules.map((file) => join(folder, file)),
    };
    await writeFile(join(kept, 'kernel.json'), JSON.stringify(kernel));
    await rename(kept, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The wanted modules with all that they need, each after what it needs. A module that is not there is built in. */
async function copyModules(tree: string, to: string): Promise<string[]> {
  const files = (await readdir(tree, { recursive: true })).filter((file) => file.endsWith('.ko'));
  const byName = new Map(files.map((file) => [moduleName(file), join(tree, file)]));
  const ordered: string[] = [];
  const add = async (name: string): Promise<void> => {
    const file = byName.get(name);
    if (file === undefined || ordered.includes(`${name}.ko`)) return;
    for (const needed of await dependencies(file)) await add(needed);
    await copyFile(file, join(to, `${name}.ko`));
    ordered.push(`${name}.ko`);
  };
  for (const name of wanted) await add(name);
  return ordered;
}

function moduleName(file: string): string {
  return file.split('/').at(-1)!.replace('.ko', '').replaceAll('-', '_');
}

/** A module's `depends=` line, as the kernel's build wrote it into the file. */
async function dependencies(file: string): Promise<string[]> {
  const text = (await readFile(file)).toString('latin1');
  const list = /\0depends=([^\0]*)\0/.exec(text)?.[1] ?? '';
  return list
    .split(',')
    .filter((name) => name !== '')
    .map((name) => name.replaceAll('-', '_'));
}
