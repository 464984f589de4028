/**
 * Writes the scenarios that are too long or too alike to be written by hand, always the same:
 *
 *   node --import tsx bench/scenarios/generate.ts
 */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** The packet that only the last rule of ipfilter-N matches: UDP 10.0.0.2:1234 -> 10.0.1.2:5678, 64 bytes. */
const frame = [
  '02 00 00 00 00 01 02 00 00 00 00 02 08 00',
  '45 00 00 32 00 00 00 00 40 11 65 b8 0a 00 00 02 0a 00 01 02',
  '04 d2 16 2e 00 1e ff d3',
  '20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f 30 31 32 33 34 35',
];

/** Rules of the kinds that firewalls have; none but the last is about 10.0.0.0/16 or port 5678. */
function rule(index: number): string {
  const high = (index >> 8) & 255;
  const low = index & 255;
  switch (index % 5) {
    case 0:
      return `deny src net 172.16.${low}.0/24 && dst tcp port ${1024 + index}`;
    case 1:
      return `deny dst host 192.168.${high}.${low}`;
    case 2:
      return `allow src host 172.20.${high}.${low} && dst udp port ${10000 + index}`;
    case 3:
      return `deny src net 10.${64 + high}.${low}.0/24 && dst net 10.128.${low}.0/24`;
    default:
      return `allow tcp && src net 10.${32 + high}.${low}.0/24 && dst port ${20000 + index}`;
  }
}

function filter(rules: number): string {
  const lines = Array.from({ length: rules - 1 }, (_, index) => `    ${rule(index)},`);
  return `// ${rules} rules of which only the last matches the packet. Written by generate.ts.

InfiniteSource(DATA \\<
${frame.map((line) => `    ${line}`).join('\n')}
>, LIMIT -1, BURST 32, TIMESTAMP false)
  -> MarkIPHeader(14)
  -> filter :: IPFilter(
${lines.join('\n')}
    allow src net 10.0.0.0/24 && udp && dst port 5678)
  -> counter :: Counter
  -> Discard;
`;
}

function nat(flows: number): string {
  const capacity = 2 * flows > 65536 ? `,\n    MAPPING_CAPACITY ${2 * flows}` : '';
  return `// Network address and port translation of ${flows} UDP ${flows === 1 ? 'flow' : 'flows'}, 64-byte frames, 32 at a time. Written by generate.ts.

FastUDPFlows(0, -1, 64, 02:00:00:00:00:02, 10.0.0.2, 02:00:00:00:00:01, 198.51.100.2, ${flows}, 1000000000)
  -> Unqueue(32)
  -> nat :: IPRewriter(pattern 203.0.113.1 1024-65535 - - 0 1${capacity})
  -> counter :: Counter
  -> Discard;

nat [1] -> Discard;
`;
}

/** File name and contents. */
export function generatedScenarios(): Map<string, string> {
  const files = new Map<string, string>();
  for (const rules of [10, 100, 1000]) files.set(`ipfilter-${rules}.click`, filter(rules));
  for (const [name, flows] of Object.entries({ '1': 1, '10k': 10_000, '50k': 50_000, '1M': 1_000_000 })) {
    files.set(`nat-${name}.click`, nat(flows));
  }
  return files;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [name, text] of generatedScenarios()) writeFileSync(new URL(name, import.meta.url), text);
}
