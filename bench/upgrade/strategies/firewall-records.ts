/** The connections that a firewall was filled with, and what it knows of each. */
import type { EngineControl } from '../../../engine/engine-types.ts';
import type { TableContents } from '../../../engine/state/query.ts';
import type { NetworkLab } from '../../lab/network-lab.ts';
import type { RecordKeeper } from '../system.ts';
import { fillTable, partsOf } from './table-filler.ts';

/** An address that nobody answers for. */
const nobody = '10.1.0.250';

type Engine = Pick<EngineControl, 'read' | 'stateGet'>;

export class FirewallRecords implements RecordKeeper {
  readonly #lab: NetworkLab;
  readonly #engine: () => Engine;
  /** Fields of the first dump: what another version has besides is its own affair. */
  #fields: readonly string[] | undefined;

  readonly #fillRate: number | undefined;

  /** `engine`: the one that runs now. */
  constructor(lab: NetworkLab, engine: () => Engine, fillRate?: number) {
    this.#lab = lab;
    this.#engine = engine;
    this.#fillRate = fillRate;
  }

  fill(records: number): Promise<void> {
    const known = async () => Number(await this.#engine().read('fw.connections'));
    const rate = this.#fillRate === undefined ? {} : { rate: this.#fillRate };
    return fillTable(this.#lab, { target: nobody, known, ...rate }, records);
  }

  /** A part at a time, as much as one answer can hold. */
  async dump(records: number): Promise<Map<string, string>> {
    const dumped = new Map<string, string>();
    for (const { address } of partsOf(records)) {
      const answer = await this.#engine().stateGet('fw/connections', { filter: `inside=${address}` });
      for (const { key, value } of (answer as TableContents).rows) {
        this.#fields ??= Object.keys(value);
        dumped.set(JSON.stringify(key), JSON.stringify(this.#fields.map((field) => value[field])));
      }
    }
    return dumped;
  }

  async begun(): Promise<number> {
    return Number(await this.#engine().read('fw.opened'));
  }
}
