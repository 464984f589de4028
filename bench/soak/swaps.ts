/** Many swaps in one engine in memory: its memory, descriptors and mappings, and whether old libraries go. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Engine } from '../../engine/index.ts';
import { buildLibraries } from './libraries.ts';
import type { SoakOptions } from './options.ts';
import { FigureLog, type FigureReport, readFigures } from './process-figures.ts';

const samples = 100;
/** One in so many swaps brings another library. */
const swapsAnUpgrade = 8;

export interface SwapsSummary {
  readonly swaps: number;
  readonly seconds: number;
  readonly figures: readonly FigureReport[];
  /** Element libraries that are mapped at the end, of how many classes. */
  readonly libraries: number;
  readonly classes: number;
  /** Packets that went through meanwhile, and those that went missing. */
  readonly packets: number;
  readonly lost: number;
}

const configuration = `
  FastUDPFlows(0, -1, 64, 02:00:00:00:00:02, 10.0.0.2, 02:00:00:00:00:01, 198.51.100.2, 1000, 1000000000)
  -> RatedUnqueue(20000) -> sent :: Counter -> MarkIPHeader(14)
  -> fw :: Firewall(allow udp) -> arrived :: Counter -> Discard;
  Idle -> [1]fw[1] -> Discard;
`;

export async function swaps(
  { swaps: count = 0 }: Pick<SoakOptions, 'swaps'>,
  say: (done: number) => void,
): Promise<SwapsSummary> {
  const directory = await mkdtemp(join(tmpdir(), 'hotclick-soak-'));
  try {
    const { good } = await buildLibraries(directory);
    const begin = performance.now();
    await using engine = await Engine.start({ configuration, threads: 2 });
    const log = new FigureLog();
    for (let done = 1; done <= count; ++done) {
      // Most are rollbacks, which load the library before anew as well, but need no trial of it.
      const isUpgrade = done % swapsAnUpgrade === 1;
      const library = good.Firewall[Math.floor(done / swapsAnUpgrade) % good.Firewall.length]!;
      await (isUpgrade ? engine.upgrade({ Firewall: library }) : engine.rollback({ revision: done - 1 }));
      if (done % Math.ceil(count / samples) !== 0) continue;
      collectGarbage();
      log.add(done, readFigures(process.pid));
      say(done);
    }
    const read = async (path: string) => Number(await engine.read(path));
    const arrived = await read('arrived.count');
    const sent = await read('sent.count');
    const { elements } = await engine.stats();
    return {
      swaps: count,
      seconds: Math.round((performance.now() - begin) / 1000),
      figures: log.report(),
      libraries: readFigures(process.pid).libraries,
      classes: new Set(elements.map(({ className }) => className)).size,
      packets: sent,
      lost: await lostOf(read, { arrived, sent }),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What is held is to be seen, not when JavaScript has last looked for garbage: that is worth ten megabytes and more. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Both counters belong to a shard, which is between them for a batch at most: what is missing for good shows twice. */
async function lostOf(
  read: (path: string) => Promise<number>,
  { arrived, sent }: { arrived: number; sent: number },
): Promise<number> {
  const missing = Math.max(0, sent - arrived);
  if (missing === 0) return 0;
  const again = Math.max(0, (await read('sent.count')) - (await read('arrived.count')));
  return Math.min(missing, again);
}
