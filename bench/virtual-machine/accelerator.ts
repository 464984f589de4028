/** Whether the machine can lend its own processor to a guest, or has to emulate one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';

export type Accelerator = 'kvm' | 'tcg';

/** ms in which a guest on a real processor has long shown a sign of life. */
const patience = 6000;

/**
 * `/dev/kvm` alone promises nothing: within a virtual machine it may be there and guests stand still. So a kernel is
 * started with it, without a disk: it says something before it gives up, or it does not.
 */
export async function bestAccelerator(kernelImage: string): Promise<Accelerator> {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return 'tcg';
  }
  const machine = ['-accel', 'kvm', '-m', '256', '-nographic', '-no-reboot', '-net', 'none'];
  const guest = ['-kernel', kernelImage, '-append', 'console=ttyS0 panic=-1'];
  const child = spawn('qemu-system-x86_64', [...machine, ...guest], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit').catch(() => undefined);
  const timer = setTimeout(() => child.kill('SIGKILL'), patience);
  let boots = false;
  child.stdout.on('data', (chunk: Buffer) => {
    if (!chunk.includes('Linux version')) return;
    boots = true;
    child.kill('SIGKILL');
  });
  await ended;
  clearTimeout(timer);
  return boots ? 'kvm' : 'tcg';
}
