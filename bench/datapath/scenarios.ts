/** What is measured, and what it is held against. */
import { readFileSync } from 'node:fs';

export interface Scenario {
  readonly name: string;
  /** Counters that together see every packet once. */
  readonly counters: readonly string[];
  /** ns per packet that one thread may take; undefined: no target. */
  readonly target?: number;
  /** ns per packet of FastClick in the same scenario, one thread, on a machine like the one in README.md. */
  readonly fastClick: number;
  /** Flows that must be known before measuring begins. */
  readonly flows?: number;
}

/** The least that two threads must do of what one does. */
export const targetSpeedUp = 1.8;

export const scenarios: readonly Scenario[] = [
  { name: 'source-counter-discard', counters: ['counter'], target: 8, fastClick: 13.5 },
  { name: 'ip-forward', counters: ['counter'], target: 35, fastClick: 75 },
  { name: 'ip-router', counters: ['counter0', 'counter1'], target: 45, fastClick: 84.5 },
  { name: 'ipfilter-10', counters: ['counter'], target: 60, fastClick: 37 },
  { name: 'ipfilter-100', counters: ['counter'], target: 60, fastClick: 299 },
  { name: 'ipfilter-1000', counters: ['counter'], target: 60, fastClick: 2894 },
  { name: 'nat-1', counters: ['counter'], fastClick: 93, flows: 1 },
  { name: 'nat-10k', counters: ['counter'], fastClick: 109, flows: 10_000 },
  { name: 'nat-50k', counters: ['counter'], target: 80, fastClick: 144, flows: 50_000 },
  { name: 'nat-1M', counters: ['counter'], target: 200, fastClick: 5057, flows: 1_000_000 },
];

/** The Click configuration of a scenario. */
export function scenarioText({ name }: Scenario): string {
  return readFileSync(new URL(`../scenarios/${name}.click`, import.meta.url), 'utf8');
}
