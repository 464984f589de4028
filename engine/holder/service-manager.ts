/** The service manager (systemd) that started this process, told by datagrams: sd_notify(3) without its library. */
import { addon, callNative } from '../datapath/addon.ts';

export class ServiceManager {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** Undefined when none asked to be told. */
  static fromEnvironment(env: Readonly<Record<string, string | undefined>>): ServiceManager | undefined {
    const { NOTIFY_SOCKET: socket } = env;
    return socket === undefined || socket === '' ? undefined : new ServiceManager(socket);
  }

  /** @throws HotclickError HC_SUCCESSION when it cannot be told */
  notify(state: Readonly<Record<string, string | number>>, files: readonly number[] = []): void {
    const text = Object.entries(state).map(([name, value]) => `${name}=${value}\n`);
    callNative(() => addon().notifyService(this.#socket, text.join(''), files));
  }
}
