/** What `hotclick run` says: the ready line and printed packets on standard output, its log on standard error. */

import pino from 'pino';
import type { EngineStats } from '../engine-types.ts';
import type { CliContext } from './context.ts';
import { Output } from './output.ts';
import { printable } from './printable.ts';
import type { RunningEngine } from './running-engine.ts';
import { countOf } from './units.ts';

export class RunOutput {
  readonly #output: Output;
  readonly #log: pino.Logger;
  #storeFails = false;

  constructor(cli: CliContext, isJson: boolean | undefined) {
    this.#output = new Output(cli.stdout, isJson);
    this.#log = pino({ base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, cli.stderr);
  }

  follow(engine: RunningEngine): void {
    engine.on('print', ({ element, text }) => {
      this.#output.print({ event: 'print', element, text }, () => printable(text, { keepLines: true }));
    });
    engine.on('log', ({ element, text, shard }) => this.#log.info({ element, shard }, text));
    engine.on('upgrade', ({ revision, parent, strategy, breaks }) => {
      this.#log.info({ revision, parent, strategy, breaks }, 'upgraded');
    });
    engine.on('ended', ({ name, className, version, moves }) => {
      const why = moves ? 'its records have moved to the newest version' : 'its last flow has ended';
      this.#log.info({ name, className, version }, `an older version has gone: ${why}`);
    });
    engine.on('refused', ({ code, message, hint }) => this.#log.warn({ code, hint }, message));
    engine.on('warning', ({ code, message, hint }) => this.#log.warn({ code, hint }, message));
    // Every sync reports: only changes are news.
    engine.on('store', ({ error }) => {
      if (error !== undefined) this.#log.error({ error }, 'the store fails; forwarding goes on');
      else if (this.#storeFails) this.#log.info('the store works again');
      this.#storeFails = error !== undefined;
    });
  }

  ready(file: string, { revision, shards, elements }: EngineStats, control: string | undefined): void {
    const facts = { file, revision, shards: shards.length, elements: elements.length };
    const ready = { event: 'ready', pid: process.pid, ...facts, control: control ?? null };
    this.#output.print(ready, () =>
      [
        `hotclick: ${file} is running: ${countOf(elements.length, 'element')}`,
        countOf(shards.length, 'shard'),
        `revision ${revision}`,
        control === undefined ? 'no control socket' : `control socket ${control}`,
      ].join(', '),
    );
  }

  stopped(reason: string): void {
    this.#output.print({ event: 'stopped', reason }, () => '');
    this.#log.info({ reason }, 'stopped');
  }
}
