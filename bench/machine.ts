/** What a figure was measured on. */
import { cpus, release } from 'node:os';
import { hotclickVersion } from '../engine/version.ts';

export const machine = {
  cpu: cpus()[0]?.model ?? '',
  cores: cpus().length,
  kernel: release(),
  node: process.version,
  hotclick: hotclickVersion(),
};
