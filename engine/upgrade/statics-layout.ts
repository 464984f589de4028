/**
 * The step after the link: the layout of a library's undeclared statics, read from its symbols and debug information,
 * becomes a section of the library. With it nothing is looked up by name when the library takes another's place.
 */
import { rename, rm, writeFile } from 'node:fs/promises';
import { addon, callNative } from '../datapath/addon.ts';
import { HotclickError } from '../errors.ts';
import { runTool } from './run-compiler.ts';

/** native/core/statics/descriptor.hh */
const section = '.hotclick.statics';

/**
 * Changes the library in place; its debug information goes. A library without undeclared statics gets no section.
 * `source`: for messages.
 * @throws HotclickError HC_STATICS with every variable that could not be carried over, HC_BUILD_FAILED
 */
export async function addStaticsLayout(
  library: string,
  source: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const layout = describeStatics(library, source);
  const layoutFile = `${library}.statics`;
  const finished = `${library}.finished`;
  try {
    if (layout) await writeFile(layoutFile, layout);
    const added = layout ? [`--add-section=${section}=${layoutFile}`] : [];
    await runTool(process.env.OBJCOPY ?? 'objcopy', ['--strip-debug', ...added, library, finished], {
      file: source,
      fault: 'was built, but the layout of its statics cannot be added',
      hint: 'install binutils, or name an objcopy in OBJCOPY',
      ...(signal ? { signal } : {}),
    });
    await rename(finished, library);
  } finally {
    await rm(layoutFile, { force: true });
    await rm(finished, { force: true });
  }
}

function describeStatics(library: string, source: string): Uint8Array | null {
  try {
    return callNative(() => addon().describeStatics(library));
  } catch (error) {
    if (!(error instanceof HotclickError)) throw error;
    throw new HotclickError(error.code, `${source}: ${error.message}`, { cause: error, hint: error.hint });
  }
}
