#!/usr/bin/env node
/** The `hotclick` command. The one place that ends the process and listens to its streams. */

import type { CliContext } from './context.ts';
import { runProgram } from './program.ts';
import { reportError } from './report-error.ts';

const outputGone = new AbortController();

const cli: CliContext = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  outputGone: outputGone.signal,
  startEngine: async (options) => (await import('../engine.ts')).Engine.start(options),
  builtinClasses: async () => (await import('../datapath/class-catalogue.ts')).builtinClasses(),
  argumentFaults: async (graph) => (await import('../datapath/check-arguments.ts')).argumentFaults(graph),
  setExitCode: (code) => {
    process.exitCode = code;
  },
};

for (const stream of [process.stdout, process.stderr]) {
  // `hotclick … | head` is no failure.
  stream.on('error', () => outputGone.abort());
}

const args = process.argv.slice(2);
try {
  await runProgram(args, cli);
} catch (error) {
  const end = args.indexOf('--');
  const isJson = (end === -1 ? args : args.slice(0, end)).includes('--json');
  process.exitCode = reportError(cli, error, isJson);
}
