import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { HotclickError } from '../../engine/errors.ts';

/** What the generator says about itself. */
export interface GeneratorSummary {
  readonly sent: number;
  /** Packets the kernel refused to send; they used up no number. */
  readonly errors: number;
  /** Packets left out since the generator had not run for more than 20 ms. */
  readonly skipped: number;
  readonly seconds: number;
  readonly rate: number;
  /** Largest time between two ticks, µs: the noise of the generator itself. */
  readonly gapMaxUs: number;
  readonly cpuPercent: number;
}

/** A running udp-generator. */
export class UdpGenerator {
  readonly #child: ChildProcess;
  readonly #ready: Promise<void>;
  readonly #summary: Promise<GeneratorSummary>;

  /** `child` was spawned with `--json`, and pipes for its standard output and error. */
  constructor(child: ChildProcess) {
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null) throw new HotclickError('HC_INTERNAL', 'no pipes');
    this.#child = child;
    const complaints = text(stderr).catch(() => '');
    const failed = new Promise<never>((_, reject) => {
      const fail = (reason: string) => reject(new HotclickError('HC_LAB', `udp-generator: ${reason}`));
      child.once('error', (error) => fail(error.message));
      // Too late to matter when the summary has been read.
      child.once('close', async (status, signal) =>
        fail((await complaints).trim() || `ended (${signal ?? status})`),
      );
    });
    const lines = createInterface({ input: stdout });
    const announced = (event: string) =>
      new Promise<Record<string, number>>((resolve) => {
        lines.on('line', (line) => {
          const message = JSON.parse(line) as Record<string, number> & { event: string };
          if (message.event === event) resolve(message);
        });
      });
    this.#ready = Promise.race([announced('ready').then(() => {}), failed]);
    this.#summary = Promise.race([announced('summary').then(readSummary), failed]);
    // Whoever waits for them sees the failure; until then it must not end the program.
    this.#ready.catch(() => {});
    this.#summary.catch(() => {});
  }

  /** Resolves when it begins to send; rejects with `HC_LAB` and its message when it cannot. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** Ends it and returns what it did. */
  stop(): Promise<GeneratorSummary> {
    this.#child.kill('SIGTERM');
    return this.#summary;
  }
}

function readSummary(fields: Record<string, number>): GeneratorSummary {
  const number = (key: string): number => fields[key] ?? 0;
  return {
    sent: number('sent'),
    errors: number('errors'),
    skipped: number('skipped'),
    seconds: number('seconds'),
    rate: number('rate'),
    gapMaxUs: number('gap_max_us'),
    cpuPercent: number('cpu_percent'),
  };
}
