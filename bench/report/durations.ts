/** Durations on a logarithmic axis, in µs. */

/** For vega: the text of a tick. */
export const durationLabel =
  "datum.value < 1e3 ? format(datum.value, '~g') + ' µs' : datum.value < 1e6 ? format(datum.value / 1e3, '~g') + ' ms' : format(datum.value / 1e6, '~g') + ' s'";

/** The same for 1 µs, 100 µs, 10 ms, …: there is no room for all. */
export const everySecondDecade = `round(log(datum.value) / LN10) % 2 == 0 ? (${durationLabel}) : ''`;

export function durationText(us: number): string {
  const digits = (value: number): string =>
    value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en');
  if (us < 1000) return `${digits(us)} µs`;
  return us < 1e6 ? `${digits(us / 1e3)} ms` : `${digits(us / 1e6)} s`;
}

/** Powers of ten from the one below `least` to the one above `most`. */
export function decades(least: number, most: number): number[] {
  const from = Math.floor(Math.log10(least));
  const to = Math.ceil(Math.log10(most));
  return Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
}
