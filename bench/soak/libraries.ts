/** The libraries that the soak upgrades to: good ones of which several differ in nothing but their bytes, and bad ones. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../engine/datapath/paths.ts';
import { buildElement } from '../../engine/upgrade/build-element.ts';

export interface SoakLibraries {
  /** By class: libraries that may follow each other in any order. */
  readonly good: Readonly<Record<'Firewall' | 'IPRewriter', readonly string[]>>;
  readonly broken: readonly BrokenLibrary[];
  /** Firewalls that crash with the first packets. */
  readonly crashing: readonly string[];
}

/** What must be refused, and with which code. */
export interface BrokenLibrary {
  readonly name: string;
  readonly file: string;
  readonly codes: readonly string[];
}

const flow = join(packageRoot, 'native', 'elements', 'flow');
const examples = join(packageRoot, 'examples', 'firewall');

/** Builds them into `directory`. */
export async function buildLibraries(directory: string): Promise<SoakLibraries> {
  const firewall = join(flow, 'Firewall.cc');
  const version2 = join(examples, 'v2', 'Firewall.cc');
  const rewriter = join(flow, 'IPRewriter.cc');
  const good = {
    Firewall: [
      await variant(directory, firewall, 1),
      await variant(directory, firewall, 2),
      await variant(directory, version2, 3),
      await variant(directory, version2, 4),
    ],
    IPRewriter: [await variant(directory, rewriter, 5), await variant(directory, rewriter, 6)],
  };
  const broken = await brokenLibraries(directory, good.Firewall[0]!);
  return { good, broken, crashing: await crashingLibraries(directory) };
}

/** The same code in other bytes: a constant that nobody reads is exported besides. */
async function variant(directory: string, source: string, number: number): Promise<string> {
  const file = join(directory, `variant${number}.cc`);
  const mark = `extern "C" __attribute__((visibility("default"))) const char soak_variant[] = "${number}";`;
  await writeFile(file, `#include "${source}"\nextern "C" const char soak_variant[];\n${mark}\n`);
  return buildElement(file, { cacheDirectory: directory });
}

/** What new code does when the first packets come, as the signals that it leads to. */
const crashes = {
  SIGSEGV: 'volatile unsigned long at = 16; *reinterpret_cast<volatile unsigned long*>(at) = batch.count;',
  SIGFPE: 'volatile uint32_t zero = 0; batch.count /= zero;',
  SIGILL: 'if (batch.count != 0) __builtin_trap();',
  loop: 'for (volatile bool goes_on = true; goes_on;) {}',
};

/** Version 2 of the firewall, with a field more in its records, that breaks down in push. */
function crashingLibraries(directory: string): Promise<string[]> {
  return Promise.all(
    Object.entries(crashes).map(async ([name, code]) => {
      const text = await readFile(join(examples, 'v2', 'Firewall.cc'), 'utf8');
      const broken = text.replace('"../../../native/', `"${join(packageRoot, 'native')}/`).replace(
        '  bool log = true;',
        `  void push(uint32_t side, Batch& batch) {
    ${code}
    FirewallEngine<Firewall, Record>::push(side, batch);
  }
  bool log = true;`,
      );
      const file = join(directory, `crash-${name}.cc`);
      await writeFile(file, broken);
      return buildElement(file, { cacheDirectory: directory });
    }),
  );
}

async function brokenLibraries(directory: string, good: string): Promise<BrokenLibrary[]> {
  const whole = await readFile(good);
  const truncated = join(directory, 'truncated.so');
  await writeFile(truncated, whole.subarray(0, Math.floor(whole.length * 0.6)));
  const noLibrary = join(directory, 'text.so');
  await writeFile(noLibrary, 'no library at all\n');
  const otherAbi = join(packageRoot, 'test', 'upgrade', 'elements', 'other-abi.cc');
  const example = (name: string) => join(examples, 'broken', name, 'Firewall.cc');
  return [
    { name: 'does not compile', file: example('does-not-compile'), codes: ['HC_BUILD_FAILED'] },
    { name: 'undeclared static', file: example('undeclared-static'), codes: ['HC_STATE_DECLARATION'] },
    {
      name: 'configure fails',
      file: example('configure-fails'),
      codes: ['HC_CONFIGURE_FAILED', 'HC_VERIFY_FAILED'],
    },
    { name: 'other ABI', file: otherAbi, codes: ['HC_LIBRARY'] },
    { name: 'truncated', file: truncated, codes: ['HC_LIBRARY'] },
    { name: 'no library', file: noLibrary, codes: ['HC_LIBRARY'] },
  ];
}
