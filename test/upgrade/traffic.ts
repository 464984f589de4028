/** In-memory traffic for tests of upgrades: a source that never stops, and waiting for events instead of times. */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../../engine/engine.ts';

export function elementSource(name: string): string {
  return fileURLToPath(new URL(`./elements/${name}.cc`, import.meta.url));
}

/** Waits until a handler's number is at least `least`. */
export async function until(engine: Engine, path: string, least: number): Promise<number> {
  for (;;) {
    const value = Number(await engine.read(path));
    if (value >= least) return value;
    await delay(5);
  }
}

/** The handler's number now, and a promise for the time when it has grown. */
export async function untilGrown(engine: Engine, path: string): Promise<number> {
  return until(engine, path, Number(await engine.read(path)) + 1);
}
