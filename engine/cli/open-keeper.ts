/** Who keeps an engine's devices and memory over a crash, as the options of `hotclick run` say. */
import { HotclickError } from '../errors.ts';
import type { FileKeeper } from '../holder/file-keeper.ts';
import type { ServiceManager } from '../holder/service-manager.ts';
import { ServiceStore } from '../holder/service-store.ts';
import { reachHolder } from '../holder/start-holder.ts';

export interface KeeperOptions {
  /** A path; `service`; true for the usual path. */
  readonly holder?: string | true;
  /** Seconds. */
  readonly holderTime?: number;
}

/** Beside the control socket. */
export function usualHolderPath(control: string): string {
  return `${control}.holder`;
}

/** @throws HotclickError HC_HOLDER, HC_ARGUMENT */
export async function openKeeper(
  { holder, holderTime }: KeeperOptions,
  control: string | undefined,
  manager: ServiceManager | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<FileKeeper | undefined> {
  if (holder === undefined) return undefined;
  if (holder === 'service') {
    if (manager) return new ServiceStore(manager, env);
    throw new HotclickError('HC_HOLDER', 'no service manager started this process', {
      hint: 'start it as a unit with Type=notify and FileDescriptorStoreMax=, or name a socket with --holder PATH',
    });
  }
  const path = holder === true ? control && usualHolderPath(control) : holder;
  if (path !== undefined) return reachHolder(path, holderTime);
  throw new HotclickError('HC_ARGUMENT', 'without a control socket the holder needs a path', {
    hint: 'name it with --holder PATH',
  });
}
