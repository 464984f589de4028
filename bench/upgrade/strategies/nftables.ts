/** The kernel's own firewall: a stateful ruleset that is replaced as a whole with `nft -f`. Its records are conntrack's. */
import { accessSync, constants } from 'node:fs';
import type { NetworkLab } from '../../lab/network-lab.ts';
import type { RecordKeeper, Setup, UpgradeStrategy } from '../system.ts';
import { isInstalled } from './is-installed.ts';
import { OutsideSystem, type Shell } from './outside-system.ts';
import { fillTable, partsOf } from './table-filler.ts';

/** Two versions of the same rules, for the shell: the second counts. */
const rules = (counter: string) => `nft -f - <<END
flush ruleset
table ip filter {
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related ${counter} accept
    iifname "$CLIENT_DEV" tcp dport 25 drop
    iifname "$CLIENT_DEV" ct state new meta l4proto { tcp, udp, icmp } ${counter} accept
  }
}
END`;

const versions = [rules(''), rules('counter')] as const;

const setup = ({ lab }: Setup) => `
setting() { [ ! -e "/proc/sys/net/$1" ] || echo "$2" > "/proc/sys/net/$1"; }
${versions[0]}
setting netfilter/nf_conntrack_udp_timeout 86400
setting netfilter/nf_conntrack_udp_timeout_stream 86400
ip neighbour replace ${nobody} lladdr ${lab.server.mac} dev "$SERVER_DEV" nud permanent`;

/** An address that nobody answers for; the firewall passes on what goes there. */
const nobody = '10.2.0.250';

export const nftables: UpgradeStrategy = {
  name: 'nftables',
  summary: 'the kernel: nft -f with connection tracking',
  lab: { mode: 'router', engineNamespace: true, forwarding: 'kernel', staticNeighbours: true },
  fromOutside: true,
  usual: { records: [0, 10_000], shards: [1] },
  changeSeconds: 0.1,
  async missing() {
    if (!(await isInstalled('nft'))) return 'nft is not installed (apt-get install nftables)';
    try {
      accessSync('/proc/net/nf_conntrack', constants.R_OK);
      return undefined;
    } catch {
      return 'the kernel does not list its connections';
    }
  },
  start: (given) =>
    OutsideSystem.start(given, {
      setup: setup(given),
      change: (number) => versions[(number + 1) % 2] ?? '',
      records: (shell) => new TrackedConnections(given.lab, shell),
      inProcesses: false,
    }),
};

class TrackedConnections implements RecordKeeper {
  readonly #lab: NetworkLab;
  readonly #shell: Shell;

  constructor(lab: NetworkLab, shell: Shell) {
    this.#lab = lab;
    this.#shell = shell;
  }

  fill(records: number): Promise<void> {
    const known = async () => Number(await this.#shell('cat /proc/sys/net/netfilter/nf_conntrack_count'));
    return fillTable(this.#lab, { target: nobody, known }, records);
  }

  async dump(records: number): Promise<Map<string, string>> {
    const sources = new Set(partsOf(records).map(({ address }) => address));
    const dumped = new Map<string, string>();
    for (const line of (await this.#shell('cat /proc/net/nf_conntrack')).split('\n')) {
      // The original direction first, then the reply's; what comes between and after changes with time.
      const [original, reply] = line.match(/src=\S+ dst=\S+ sport=\d+ dport=\d+/g) ?? [];
      const source = /^src=(\S+)/.exec(original ?? '')?.[1];
      if (original && source && sources.has(source)) dumped.set(original, reply ?? '');
    }
    return dumped;
  }
}
