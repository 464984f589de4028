/**
 * Open vSwitch's userspace datapath, restarted as its own control script does it: flows are saved, the daemon ends, a
 * new one starts, waits until the flows are restored, and forwards. Its records are flows.
 */
import type { RecordKeeper, UpgradeStrategy } from '../system.ts';
import { isInstalled } from './is-installed.ts';
import { OutsideSystem, type Shell, untouchedDevices } from './outside-system.ts';

const surroundings = `
export PATH="$PATH:/usr/sbin:/usr/share/openvswitch/scripts" OVS_RUNDIR="$DIRECTORY" OVS_DBDIR="$DIRECTORY" OVS_LOGDIR="$DIRECTORY"
cd "$DIRECTORY"
start_switch() { ovs-vswitchd "unix:$DIRECTORY/db.sock" --pidfile --detach --no-chdir --log-file >/dev/null 2>&1; }`;

const setup = `${surroundings}
ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server conf.db --remote="punix:$DIRECTORY/db.sock" --pidfile --detach --no-chdir --log-file >/dev/null 2>&1
ovs-vsctl --no-wait init
start_switch
ovs-vsctl add-br br0 -- set bridge br0 datapath_type=netdev fail_mode=secure
ovs-vsctl add-port br0 "$CLIENT_DEV" -- set interface "$CLIENT_DEV" ofport_request=1
ovs-vsctl add-port br0 "$SERVER_DEV" -- set interface "$SERVER_DEV" ofport_request=2
ovs-ofctl add-flow br0 priority=1,in_port=1,actions=output:2
ovs-ofctl add-flow br0 priority=1,in_port=2,actions=output:1`;

const restart = `${surroundings}
ovs-ofctl dump-flows --no-names --no-stats br0 | sed '/reply/d; s/^ //' > flows
ovs-vsctl --no-wait set open_vswitch . other_config:flow-restore-wait=true
ovs-appctl -t ovs-vswitchd exit
while [ -e ovs-vswitchd.pid ]; do sleep 0.005; done
start_switch
ovs-ofctl replace-flows br0 flows
ovs-vsctl --no-wait remove open_vswitch . other_config flow-restore-wait`;

export const openVswitch: UpgradeStrategy = {
  name: 'open-vswitch',
  summary: "Open vSwitch's userspace datapath: flows saved, daemon restarted, flows restored",
  lab: untouchedDevices,
  fromOutside: true,
  usual: { records: [0, 10_000], shards: [1] },
  changeSeconds: 1.5,
  missing: async () =>
    (await isInstalled('ovs-vswitchd'))
      ? undefined
      : 'Open vSwitch is not installed (apt-get install openvswitch-switch)',
  start: (given) =>
    OutsideSystem.start(given, { setup, change: () => restart, records: (shell) => new Flows(shell) }),
};

class Flows implements RecordKeeper {
  readonly #shell: Shell;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  async fill(records: number): Promise<void> {
    await this.#shell(`${surroundings}
seq 0 ${records - 1} | while read -r n; do
  echo "priority=9,udp,nw_src=10.99.$((n / 250 % 250)).$((n % 250)),tp_src=$((1024 + n / 62500)),actions=output:2"
done | ovs-ofctl add-flows br0 -`);
  }

  async dump(): Promise<Map<string, string>> {
    const lines = await this.#shell(`${surroundings}
ovs-ofctl dump-flows --no-names --no-stats br0`);
    const dumped = new Map<string, string>();
    for (const line of lines.split('\n')) {
      const [match, actions] = line.trim().split(' actions=');
      if (match?.includes('nw_src=10.99.') && actions !== undefined) dumped.set(match, actions);
    }
    return dumped;
  }
}
