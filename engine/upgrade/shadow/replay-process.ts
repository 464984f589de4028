/** The child process of the shadow step, as the engine talks to it. */
import type { CopiedElement, HarnessSpec, ReplaySpec } from '../../datapath/addon.ts';
import { HotclickError } from '../../errors.ts';
import { Child, ChildEnded } from '../child-process.ts';
import { eventsOf, frameOf } from './capture-format.ts';
import type { ComparedElement, ComparisonResult } from './comparison.ts';
import type { ReplayAnswer, ReplayMessage, ReplayRequests } from './replay-requests.ts';

export interface ReplayJob {
  readonly subject: ComparedElement;
  readonly tables: CopiedElement['tables'];
  readonly old: ReplaySpec;
  readonly next: HarnessSpec;
  readonly rules: readonly string[];
  readonly packets: readonly Uint8Array[];
}

export interface ReplayOptions {
  readonly program: URL;
  /** ms for one piece. */
  readonly limit: number;
  readonly signal?: AbortSignal;
}

/** Bytes of pages in one message, so that the engine's own thread is never held up for long. */
const mostPageBytes = 4 << 20;

export class ReplayProcess implements Disposable {
  readonly #child: Child<ReplayMessage, ReplayAnswer>;
  readonly #limit: number;

  constructor({ limit, ...options }: ReplayOptions) {
    this.#limit = limit;
    this.#child = new Child({ ...options, args: [], inheritsLoader: true });
  }

  /** @throws HotclickError HC_SHADOW_FAILED when a version crashed, hung, or could not be made */
  async compare(job: ReplayJob): Promise<ComparisonResult> {
    const { subject, old, next, rules, packets } = job;
    try {
      for (const [table, [, numbers, sizes, bytes]] of job.tables.entries()) {
        for (const part of inParts(numbers, sizes, bytes)) await this.#ask('pages', { table, ...part });
      }
      await this.#ask('begin', { subject, old, next, rules });
      for (const bytes of packets) await this.#ask('events', { bytes });
      return await this.#ask('end', null);
    } catch (error) {
      throw error instanceof ChildEnded ? crash(job, error, this.#child.lastProgress) : error;
    }
  }

  async #ask<K extends keyof ReplayRequests>(
    kind: K,
    request: ReplayRequests[K]['request'],
  ): Promise<ReplayRequests[K]['answer']> {
    const reply = await this.#child.ask({ kind, request } as ReplayMessage, this.#limit);
    if ('answer' in reply) return reply.answer as ReplayRequests[K]['answer'];
    throw new HotclickError('HC_SHADOW_FAILED', `the shadow run cannot be made: ${reply.error.message}`);
  }

  [Symbol.dispose](): void {
    this.#child[Symbol.dispose]();
  }
}

function* inParts(numbers: Uint32Array, sizes: Uint32Array, bytes: Uint8Array) {
  let first = 0;
  let begin = 0;
  let end = 0;
  for (let i = 0; i < sizes.length; ++i) {
    end += sizes[i]!;
    if (end - begin < mostPageBytes && i + 1 < sizes.length) continue;
    yield {
      numbers: numbers.slice(first, i + 1),
      sizes: sizes.slice(first, i + 1),
      bytes: bytes.subarray(begin, end),
    };
    first = i + 1;
    begin = end;
  }
}

/** Which version it was, and with which packet. */
function crash({ subject, old, next, packets }: ReplayJob, { end, message }: ChildEnded, last: string) {
  const [version, number = '0'] = last.split(' ');
  const packet = Number(number);
  const frame = frameNumber(packets, packet);
  const who =
    version === 'old'
      ? `the running version of ${old.className} ended the shadow run itself`
      : `the new version of ${next.className} did not survive the shadow run`;
  const where =
    packet === 0
      ? 'as it took the state over'
      : `at packet ${packet} of ${subject.element}, shard ${subject.shard}`;
  const shown = frame ? `\n  ${Buffer.from(frame).toString('hex')}` : '';
  return new HotclickError('HC_SHADOW_FAILED', `${who} ${where}: ${message}${shown}`, {
    details: {
      ...subject,
      packet,
      version,
      end,
      ...(frame ? { frame: Buffer.from(frame).toString('hex') } : {}),
    },
  });
}

function frameNumber(packets: readonly Uint8Array[], number: number): Uint8Array | undefined {
  let seen = 0;
  for (const bytes of packets) {
    for (const event of eventsOf(bytes)) {
      if (number > seen && number <= seen + event.packets) return frameOf(event, number - seen - 1);
      seen += event.packets;
    }
  }
  return undefined;
}
