/**
 * The break of an upgrade as a sum of parts: a base for the strategy, what the first shard pays for cold caches, a part
 * for each changed element, and one for each byte converted in the break.
 *
 * The parts are fitted to earlier upgrades by least absolute deviations, so that one preempted break among many does not
 * count, with a prior of half an observation that keeps them sensible while there are few. Errors are relative: twice as
 * long is as wrong at 2 µs as at 2 s.
 */

export interface BreakFeatures {
  /** Elements that begin, adopt or go. */
  readonly elements: number;
  /** Bytes of state that are converted or copied in the break. */
  readonly bytes: number;
  /** It is the first shard to change over. */
  readonly first: boolean;
}

export interface Observation extends BreakFeatures {
  readonly breakNs: number;
}

/** ns. */
export interface BreakParts {
  readonly base: number;
  readonly first: number;
  readonly element: number;
  readonly byte: number;
}

export interface BreakModel {
  /** The break that is expected, ns. */
  expect(features: BreakFeatures): number;
  /** A break that nine of ten are not longer than, ns. */
  limit(features: BreakFeatures): number;
}

const priorWeight = 0.5;
const rounds = 12;
/** Observations from which on the spread is theirs and not the prior's. */
const enoughForSpread = 8;
const priorSpread = 4;

export function fitBreaks(guess: BreakParts, observations: readonly Observation[]): BreakModel {
  const prior = scaled(guess, observations);
  const partsOf = (one: BreakFeatures) => partsFor(prior, one);
  const rows = observations.map((one) => {
    const parts = partsOf(one);
    const scale = sum(parts);
    return { parts: parts.map((part) => part / scale), target: one.breakNs / scale };
  });
  let factors = [1, 1, 1, 1];
  for (let round = 0; rows.length > 0 && round < rounds; ++round) factors = refit(rows, factors);
  const expect = (features: BreakFeatures) => dot(partsOf(features), factors);
  const spread = spreadOf(observations.map((one) => one.breakNs / expect(one)));
  return { expect, limit: (features) => expect(features) * spread };
}

function partsFor(prior: BreakParts, { elements, bytes, first }: BreakFeatures): number[] {
  return [prior.base, first ? prior.first : 0, prior.element * elements, prior.byte * bytes];
}

/** The prior for a machine that is as much slower or quicker as its median break says. */
function scaled(guess: BreakParts, observations: readonly Observation[]): BreakParts {
  if (observations.length === 0) return guess;
  const ratios = observations.map((one) => one.breakNs / sum(partsFor(guess, one))).sort((a, b) => a - b);
  const factor = ratios[ratios.length >> 1]!;
  const { base, first, element, byte } = guess;
  return { base: base * factor, first: first * factor, element: element * factor, byte: byte * factor };
}

interface Row {
  readonly parts: readonly number[];
  readonly target: number;
}

/** One round of reweighted least squares: rows that are far off weigh less. */
function refit(rows: readonly Row[], factors: readonly number[]): number[] {
  const n = factors.length;
  const matrix = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n + 1 }, (_, k) => (k === i || k === n ? priorWeight : 0)),
  );
  for (const { parts, target } of rows) {
    const weight = 1 / Math.max(Math.abs(target - dot(parts, factors)), 0.02);
    for (let i = 0; i < n; ++i) {
      for (let k = 0; k < n; ++k) matrix[i]![k]! += weight * parts[i]! * parts[k]!;
      matrix[i]![n]! += weight * parts[i]! * target;
    }
  }
  // No part of a break is negative, and none vanishes: a change that was never seen costs something.
  return solve(matrix).map((factor) => Math.max(factor, 0.01));
}

/** Gauss elimination; the prior on the diagonal keeps the pivots away from 0. */
function solve(matrix: number[][]): number[] {
  const n = matrix.length;
  for (let i = 0; i < n; ++i) {
    for (let row = i + 1; row < n; ++row) {
      const share = matrix[row]![i]! / matrix[i]![i]!;
      for (let k = i; k <= n; ++k) matrix[row]![k]! -= share * matrix[i]![k]!;
    }
  }
  const result = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; --i) {
    let rest = matrix[i]![n]!;
    for (let k = i + 1; k < n; ++k) rest -= matrix[i]![k]! * result[k]!;
    result[i] = rest / matrix[i]![i]!;
  }
  return result;
}

/** How many times the expected break nine of ten stay below. */
function spreadOf(ratios: readonly number[]): number {
  if (ratios.length < enoughForSpread) return priorSpread;
  const ordered = ratios.toSorted((a, b) => a - b);
  return Math.max(1, ordered[Math.ceil(0.9 * ordered.length) - 1]!);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((total, value, i) => total + value * b[i]!, 0);
}
function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
