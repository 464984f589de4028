/**
 * The guest's files: a small memory file system that finds the disk, and the disk with Node.js, hotclick as it is
 * built here, a configuration, and room for the store.
 */
import { chmod, cp, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonPath, elementDirectory, packageRoot } from '../../engine/datapath/paths.ts';
import { HotclickError } from '../../engine/errors.ts';
import { runCommand } from '../lab/command.ts';
import type { GuestKernel } from './guest-kernel.ts';

export interface GuestSetup {
  /** Click text; the network cards are eth0 and eth1. */
  readonly configuration: string;
  /** More options of `hotclick run`; none holds a space. */
  readonly options: readonly string[];
}

const scripts = fileURLToPath(new URL('./guest/', import.meta.url));
const commands = ['sh', 'mount', 'umount', 'insmod', 'switch_root', 'ip', 'stty', 'cat', 'sync', 'reboot'];
const guestCommands = [...commands, 'poweroff', 'kill', 'echo'];
/** Room beside the files: for the store. */
const spareMiB = 256;

/** Makes `folder`/boot.cpio. @throws HotclickError HC_LAB */
export async function makeBootFiles(folder: string, kernel: GuestKernel): Promise<string> {
  const tree = join(folder, 'boot');
  for (const name of ['bin', 'proc', 'dev', 'disk', 'modules'])
    await mkdir(join(tree, name), { recursive: true });
  await addCommands(tree, commands);
  for (const file of kernel.modules) await cp(file, join(tree, 'modules', relative(dirname(file), file)));
  const order = kernel.modules.map((file) => `${relative(dirname(file), file)}\n`).join('');
  await writeFile(join(tree, 'modules', 'order'), order);
  await addScript(join(scripts, 'boot'), join(tree, 'init'));
  const file = join(folder, 'boot.cpio');
  await runCommand(['sh', '-c', 'cd "$1" && find . | cpio --quiet -o -H newc >"$2"', 'sh', tree, file]);
  return file;
}

/** Makes `folder`/disk.img, an ext4 file system. @throws HotclickError HC_LAB */
export async function makeDisk(folder: string, setup: GuestSetup): Promise<string> {
  const tree = join(folder, 'disk');
  for (const name of ['bin', 'sbin', 'proc', 'sys', 'dev', 'run', 'tmp', 'root', 'store']) {
    await mkdir(join(tree, name), { recursive: true });
  }
  await addCommands(tree, guestCommands);
  await addScript(join(scripts, 'init'), join(tree, 'sbin', 'init'));
  await cp(process.execPath, join(tree, 'bin', 'node'));
  const libraries = new Set([...(await librariesOf(process.execPath)), ...(await librariesOf(addonPath()))]);
  for (const library of libraries) await cp(library, join(tree, library), { dereference: true });
  await addHotclick(join(tree, 'hotclick'));
  await writeFile(join(tree, 'hotclick', 'graph.click'), setup.configuration);
  await writeFile(join(tree, 'hotclick', 'options'), setup.options.join(' '));
  const file = join(folder, 'disk.img');
  const { stdout } = await runCommand(['du', '-sm', tree]);
  const size = `${Number.parseInt(stdout, 10) + spareMiB}M`;
  await runCommand(['mke2fs', '-q', '-t', 'ext4', '-O', '^metadata_csum', '-d', tree, file, size]);
  return file;
}

async function addCommands(tree: string, names: readonly string[]): Promise<void> {
  const busybox = '/bin/busybox';
  if (!(await isFile(busybox))) {
    throw new HotclickError('HC_LAB', `${busybox} is missing`, { hint: 'apt-get install busybox-static' });
  }
  await cp(busybox, join(tree, 'bin', 'busybox'));
  for (const name of names) await symlink('busybox', join(tree, 'bin', name));
}

async function addScript(from: string, to: string): Promise<void> {
  await cp(from, to);
  await chmod(to, 0o755);
}

/** As an installation has it: what was built, and the packages it needs at run time. */
async function addHotclick(to: string): Promise<void> {
  const part = (path: string) => cp(path, join(to, relative(packageRoot, path)), { recursive: true });
  for (const name of ['package.json', 'binding.gyp', 'dist']) await part(join(packageRoot, name));
  await part(addonPath());
  await part(elementDirectory);
  const list = ['npm', 'ls', '--prefix', packageRoot, '--omit=dev', '--all', '--parseable'];
  const { stdout } = await runCommand(list);
  const packages = stdout.split('\n').filter((path) => path.includes('node_modules'));
  for (const path of packages) if (await isFile(join(path, 'package.json'))) await part(path);
}

/** The shared libraries that a program or library is started with, as absolute paths. */
async function librariesOf(file: string): Promise<string[]> {
  const { stdout } = await runCommand(['ldd', file]);
  return stdout.split('\n').flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
