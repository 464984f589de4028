/** Where the control socket of an engine is when nobody says otherwise. */

import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * `$HOTCLICK_CONTROL`; else, for root, /run/hotclick.sock; else hotclick.sock in `$XDG_RUNTIME_DIR`; else a name
 * with the user's number in the directory for temporary files.
 */
export function defaultControlPath(
  env: Readonly<Record<string, string | undefined>> = process.env,
  uid: number = process.getuid?.() ?? 0,
): string {
  if (env.HOTCLICK_CONTROL) return env.HOTCLICK_CONTROL;
  if (uid === 0) return '/run/hotclick.sock';
  if (env.XDG_RUNTIME_DIR) return join(env.XDG_RUNTIME_DIR, 'hotclick.sock');
  return join(tmpdir(), `hotclick-${uid}.sock`);
}
