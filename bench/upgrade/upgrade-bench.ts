/**
 * Upgrades under traffic: what a change of an element's code costs the packets that flow through it. The method is that
 * of a reconfiguration test: hold a rate at which nothing is lost without a change, change, and count (RFC 6201 for the
 * reset of a device; the Reconf tests of FD.io CSIT for a change of configuration).
 */
import { availableParallelism } from 'node:os';
import { buildElement } from '../../engine/upgrade/build-element.ts';
import type { Benchmark } from '../benchmark.ts';
import { enterUserNamespace } from '../lab/privilege.ts';
import { secondVersion } from './firewall-configuration.ts';
import { measureUpgrades } from './measure-upgrades.ts';
import { combinations, parseUpgradeOptions, usage } from './options.ts';
import { UpgradeReport } from './upgrade-report.ts';

export const upgradeBenchmark: Benchmark = {
  summary: 'packets, records and connections lost by upgrades under traffic, and how long they stop a shard',
  usage,
  async run(argv) {
    const options = parseUpgradeOptions(argv, availableParallelism());
    const privilege = await enterUserNamespace();
    if (privilege.kind === 'delegated') {
      process.exitCode = privilege.exitStatus;
      return;
    }
    const report = new UpgradeReport(options.json);
    // Outside of all that is measured.
    const library = await buildElement(secondVersion);
    for (const combination of combinations(options)) {
      const { strategy, rate, records, shards } = combination;
      report.say(`${strategy}, ${rate} packets/s, ${records} records, ${shards} shards`);
      report.add(await measureUpgrades(combination, library, options, (text) => report.say(`  ${text}`)));
    }
    report.end();
  },
};
