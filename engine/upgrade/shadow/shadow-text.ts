/** A shadow run that found differences, for people. */
import type { OutcomeReport, ShadowDifference, ShadowReport } from '../../engine-types.ts';
import { HotclickError } from '../../errors.ts';

export function shadowRefusal(report: ShadowReport, budget: number): HotclickError {
  const { differences, packets } = report;
  const classes = report.elements.map(({ className, versions }) => `${className} ${versions.to}`);
  const head =
    `${differences} of ${packets} live packets came to another end in ${[...new Set(classes)].join(', ')}` +
    ` (budget ${budget})`;
  return new HotclickError('HC_SHADOW_FAILED', [head, ...report.first.map(renderDifference)].join('\n'), {
    details: { shadow: report },
  });
}

/** The packet as it came in, what became of it in both versions, and in what that differs. */
export function renderDifference(one: ShadowDifference): string {
  const { element, shard, packet, input, frame, differences, before, after } = one;
  return [
    `  packet ${packet} of ${element}, shard ${shard}: ${differences.join(', ')}`,
    `    came in by input ${input}: ${hexLines(frame)}`,
    ...outcomeLines('before', before),
    ...outcomeLines('now', after),
  ].join('\n');
}

function outcomeLines(when: string, outcomes: readonly OutcomeReport[]): string[] {
  if (outcomes.length === 0) return [`    ${when}: nothing`];
  return outcomes.map(
    ({ what, frame }) => `    ${when}: ${what}${frame === undefined ? '' : `: ${hexLines(frame)}`}`,
  );
}

const longestHex = 160;

/** In groups of four bytes; the rest of a long frame is left out. */
function hexLines(hex: string): string {
  const shown = hex.slice(0, longestHex).replace(/(.{8})(?=.)/g, '$1 ');
  return hex.length > longestHex ? `${shown} … (${hex.length / 2} bytes)` : shown;
}
