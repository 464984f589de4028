import type { HotclickError } from '../../engine/errors.ts';

const begin = performance.now();

/** One line of progress with the time since the start. */
export function say(text: string): void {
  const seconds = ((performance.now() - begin) / 1000).toFixed(1).padStart(5);
  process.stdout.write(`${seconds}s  ${text}\n`);
}

export function printFailure({ code, message, hint }: HotclickError): void {
  process.stderr.write(`${code}: ${message}\nhint: ${hint}\n`);
}
