/** The trial of new code: a child process that is started when it is first needed and ended with the transaction. */
import { addonPath } from '../../datapath/paths.ts';
import { type ErrorCode, errorTable, HotclickError } from '../../errors.ts';
import { Child, ChildEnded } from '../child-process.ts';
import type { TrialAnswer, TrialMessage, TrialRequests } from './trial-requests.ts';

export interface TrialLimits {
  /** ms for one question; default 10000. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const defaultLimit = 10_000;
/** Seconds of processor time for all of a trial, should nobody be there to end it. */
const mostSeconds = '300';

export class Trial {
  readonly #core: string;
  #child: Child<TrialMessage, TrialAnswer> | undefined;

  /** `core`: the file of the addon that does it. */
  constructor(core = addonPath()) {
    this.#core = core;
  }

  /**
   * @param doing what the new code is asked, for the message: 'Firewall 2.0.0: vector "…"'
   * @throws HotclickError HC_VERIFY_FAILED when the child crashed or took too long; the code of the native half when
   * that refused
   */
  async ask<K extends keyof TrialRequests>(
    kind: K,
    request: TrialRequests[K]['request'],
    doing: string,
    { limit = defaultLimit, signal }: TrialLimits = {},
  ): Promise<TrialRequests[K]['answer']> {
    if (!this.#child?.alive) {
      this.#child = new Child({
        program: new URL('./trial-program.js', import.meta.url),
        args: [this.#core, mostSeconds],
        ...(signal ? { signal } : {}),
      });
    }
    const reply = await this.#child.ask({ kind, request }, limit).catch((cause: Error) => {
      if (!(cause instanceof ChildEnded)) throw cause;
      throw new HotclickError('HC_VERIFY_FAILED', `${doing}: ${cause.message}`, {
        cause,
        details: { ...cause.end },
      });
    });
    if ('answer' in reply) return reply.answer as TrialRequests[K]['answer'];
    const { code, message } = reply.error;
    if (code !== undefined && code in errorTable) throw new HotclickError(code as ErrorCode, message);
    throw new HotclickError('HC_VERIFY_FAILED', `${doing}: ${message}`);
  }

  end(): void {
    this.#child?.[Symbol.dispose]();
    this.#child = undefined;
  }
}
