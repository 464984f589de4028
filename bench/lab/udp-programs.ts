import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HotclickError } from '../../engine/errors.ts';

/** Paths of the two native programs. */
export interface UdpPrograms {
  readonly generator: string;
  readonly sink: string;
}

/** Where the build puts them, in the package this file belongs to. Throws `HC_LAB` when they are not built. */
export function builtUdpPrograms(): UdpPrograms {
  const release = join(packageRoot(), 'build', 'Release');
  const programs = { generator: join(release, 'udp-generator'), sink: join(release, 'udp-sink') };
  for (const path of Object.values(programs)) {
    if (!existsSync(path)) {
      throw new HotclickError('HC_LAB', `${path} does not exist`, { hint: 'build it with `npm run build`' });
    }
  }
  return programs;
}

function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new HotclickError('HC_INTERNAL', 'the package has no root');
    folder = parent;
  }
  return folder;
}
