import type { Command } from 'commander';
import { defaultControlPath } from '../../control/control-path.ts';
import { ControlServer } from '../../control/server.ts';
import { claimSocketPath } from '../../control/socket-file.ts';
import type { EngineOptions, StaticsMode } from '../../engine-types.ts';
import { ServiceManager } from '../../holder/service-manager.ts';
import { HostProcess } from '../../succession/host-process.ts';
import type { ConfigurationText } from '../configuration-file.ts';
import { readConfiguration } from '../configuration-file.ts';
import type { CliContext } from '../context.ts';
import { becomeUser, findUser } from '../drop-privileges.ts';
import { addExamples } from '../examples.ts';
import { Interrupt, whenAborted } from '../interrupt.ts';
import { type KeeperOptions, openKeeper } from '../open-keeper.ts';
import type { JsonOptions } from '../option-values.ts';
import { cpuList, defineOption, jsonOption, staticsOption, wholeNumber } from '../option-values.ts';
import { ProcessIdentity } from '../process-identity.ts';
import { RunOutput } from '../run-output.ts';
import { TemporaryDirectory } from '../temporary-directory.ts';

interface RunOptions extends JsonOptions, KeeperOptions {
  readonly threads: number;
  readonly store?: string;
  /** false: --no-control. */
  readonly control?: string | false;
  readonly define?: Readonly<Record<string, string>>;
  readonly sync?: number;
  readonly packets?: number;
  readonly busyPoll?: boolean;
  readonly cpus?: readonly number[];
  readonly user?: string;
  readonly pidFile?: string;
  readonly libraryPath?: readonly string[];
  readonly trustedKey?: readonly string[];
  readonly requireSignature?: boolean;
  readonly statics?: StaticsMode;
}

export function addRunCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('run')
    .summary('run a configuration')
    .description(
      'Runs a configuration until SIGTERM, Ctrl-C, `hotclick stop`, or until its DriverManager or Script ends it. ' +
        'What elements print goes to standard output, the log as JSON lines to standard error.',
    )
    .argument('<file>', 'configuration in the Click language; - is standard input')
    .option('--threads <number>', 'datapath threads (shards)', wholeNumber(1, 64), 1)
    .option('--store <directory>', 'keep state here; without it state lives in memory only')
    .option('--control <path>', 'control socket (default: $HOTCLICK_CONTROL, or the one place each user has)')
    .option('--no-control', 'make no control socket')
    .addOption(defineOption())
    .option('--sync <ms>', 'time between two syncs to the store (default: 100)', wholeNumber(1))
    .option('--packets <number>', 'packets in the arena (default: 32768)', wholeNumber(256))
    .option('--busy-poll', 'never let a shard sleep: for processors of its own')
    .option('--cpus <list>', 'processors to pin the shards to, e.g. 0,1 or 2-3', cpuList)
    .option(
      '--holder [path]',
      'let a holder process keep devices and memory over a crash; `service`: the service manager (default path: the control socket with .holder)',
    )
    .option(
      '--holder-time <seconds>',
      'how long it keeps them for the next engine (default: 300)',
      wholeNumber(0),
    )
    .option('--pid-file <path>', 'write the process number here; follows the engine into other processes')
    .option('--user <name>', 'become this user once the devices are open; --store must be writable for it')
    .option(
      '--library-path <directory>',
      'look for element libraries here first; may be repeated',
      appendText,
    )
    .option(
      '--trusted-key <file>',
      'public key; what is signed must be signed by such a key; may be repeated',
      appendText,
    )
    .option('--require-signature', 'load nothing but the built-in elements without a signature')
    .addOption(staticsOption())
    .addOption(jsonOption())
    .action((file: string, options: RunOptions) => run(cli, file, options));
  addExamples(command, [
    [
      'hotclick run firewall.click --threads 2 --store /var/lib/hotclick',
      'two shards, state kept over restarts',
    ],
    ['hotclick run bridge.click --define LEFT=eth0 --define RIGHT=eth1', 'with values for $LEFT and $RIGHT'],
    ['hotclick run router.click --cpus 2,3 --busy-poll --threads 2', 'on processors of its own'],
  ]);
}

async function run(cli: CliContext, file: string, options: RunOptions): Promise<void> {
  using interrupt = new Interrupt();
  const { json, store } = options;
  const host = await HostProcess.open(cli.env);
  const { predecessor } = host;
  const configuration = predecessor ? { text: '', file } : await readConfiguration(cli, file);
  // A successor of one that has given up root has none.
  const isDemoted = predecessor !== undefined && process.geteuid?.() !== 0;
  const user = options.user === undefined || isDemoted ? undefined : await findUser(options.user);
  const control = options.control === false ? undefined : (options.control ?? defaultControlPath(cli.env));
  // Found out before any device is opened.
  if (control !== undefined && !predecessor) await claimSocketPath(control);

  using temporary = options.user === undefined ? undefined : new TemporaryDirectory();
  const manager = ServiceManager.fromEnvironment(cli.env);
  using identity = new ProcessIdentity(options.pidFile, manager);
  const keeper = await openKeeper(options, control, manager, cli.env);
  const output = new RunOutput(cli, json);
  const starting = cli.startEngine({
    ...engineOptions(configuration, options),
    signal: interrupt.signal,
    host,
    ...(keeper ? { keeper } : {}),
  });
  await using engine = await starting.catch((error: unknown) => {
    if (interrupt.signal.aborted) return undefined;
    throw error;
  });
  if (engine === undefined) {
    output.stopped(`${interrupt.signal.reason} before it ran`);
    return;
  }
  const stopped = new Promise<string>((resolve, reject) => {
    engine.on('succeeded', ({ pid }) => {
      identity.succeededBy(pid);
      resolve(`process ${pid} runs the engine now`);
    });
    engine.on('stopped', () => {
      identity.stopping();
      resolve('the router or a request stopped it');
    });
    engine.on('failed', reject);
  });
  // It is awaited below; until then a failure is no unhandled one.
  stopped.catch(() => {});
  output.follow(engine);
  await using server =
    control === undefined
      ? undefined
      : await ControlServer.listen(engine, control, { replace: predecessor !== undefined });
  if (user !== undefined && temporary !== undefined) becomeUser(user, { temporary, control, store });
  output.ready(configuration.file, await engine.stats(), control);
  identity.ready();
  await predecessor?.announce();
  const reason = await Promise.race([
    stopped,
    whenAborted(interrupt.signal).then(() => {
      identity.stopping();
      return String(interrupt.signal.reason);
    }),
  ]);
  await server?.close();
  await engine.stop();
  output.stopped(reason);
}

function engineOptions({ text, file }: ConfigurationText, options: RunOptions): EngineOptions {
  const {
    threads,
    define: defines,
    store,
    sync: syncInterval,
    packets,
    busyPoll,
    cpus,
    libraryPath,
    trustedKey: trustedKeys,
    requireSignature,
    statics,
  } = options;
  return {
    configuration: text,
    file,
    threads,
    ...(defines === undefined ? {} : { defines }),
    ...(store === undefined ? {} : { store }),
    ...(syncInterval === undefined ? {} : { syncInterval }),
    ...(packets === undefined ? {} : { packets }),
    ...(busyPoll === undefined ? {} : { busyPoll }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(libraryPath === undefined ? {} : { libraryPath }),
    ...(trustedKeys === undefined ? {} : { trustedKeys }),
    ...(requireSignature === undefined ? {} : { requireSignature }),
    ...(statics === undefined ? {} : { statics }),
  };
}

function appendText(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
