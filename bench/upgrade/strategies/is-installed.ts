import { runCommand } from '../../lab/command.ts';

export async function isInstalled(program: string): Promise<boolean> {
  try {
    await runCommand(['sh', '-c', 'command -v "$1" || [ -x "/usr/sbin/$1" ]', 'sh', program]);
    return true;
  } catch {
    return false;
  }
}
