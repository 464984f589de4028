/** Whether a figure that was sampled again and again stays where it is: the straight line that fits it best. */

export interface Sample {
  /** What the figure is taken to depend on: swaps done, or seconds. */
  readonly at: number;
  readonly value: number;
}

export interface Fit {
  /** By how much the value grows while `at` goes from the first to the last sample. */
  readonly growth: number;
  readonly mean: number;
  readonly first: number;
  readonly last: number;
  /** Between the samples and the line, root of the mean square. */
  readonly noise: number;
}

/** Least squares. Leaves the first fifth out: what a process fills once is no leak. */
export function fitLine(samples: readonly Sample[]): Fit {
  const settled = samples.slice(Math.floor(samples.length / 5));
  const n = settled.length;
  const first = settled[0];
  const last = settled.at(-1);
  if (!first || !last) return { growth: 0, mean: 0, first: 0, last: 0, noise: 0 };
  const meanAt = settled.reduce((sum, { at }) => sum + at, 0) / n;
  const mean = settled.reduce((sum, { value }) => sum + value, 0) / n;
  const spread = settled.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
  const together = settled.reduce((sum, { at, value }) => sum + (at - meanAt) * (value - mean), 0);
  const slope = spread === 0 ? 0 : together / spread;
  const square = settled.reduce((sum, { at, value }) => sum + (value - mean - slope * (at - meanAt)) ** 2, 0);
  return {
    growth: slope * (last.at - first.at),
    mean,
    first: first.value,
    last: last.value,
    noise: Math.sqrt(square / n),
  };
}

/** Flat: it does not grow by more than `allowed`, or than its own noise. */
export function isFlat({ growth, noise }: Fit, allowed: number): boolean {
  return growth <= allowed || growth <= noise;
}
