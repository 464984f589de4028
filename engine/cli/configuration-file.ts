import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { messageOf } from '../control/protocol.ts';
import { HotclickError } from '../errors.ts';
import type { CliContext } from './context.ts';

export interface ConfigurationText {
  readonly text: string;
  /** Name for messages. */
  readonly file: string;
}

/** `-` is standard input. @throws HotclickError HC_ARGUMENT when the file cannot be read. */
export async function readConfiguration(cli: CliContext, file: string): Promise<ConfigurationText> {
  if (file === '-') return { text: await text(cli.stdin), file: 'standard input' };
  try {
    return { text: await readFile(file, 'utf8'), file };
  } catch (cause) {
    throw new HotclickError('HC_ARGUMENT', `cannot read the configuration ${file}: ${messageOf(cause)}`, {
      cause,
      hint: 'name a file in the Click language, or - for standard input',
    });
  }
}
