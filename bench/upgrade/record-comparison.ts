/** What became of each record of a table. */
export interface RecordComparison {
  readonly compared: number;
  /** There before and not after. */
  readonly lost: number;
  /** There before and after, and not the same. */
  readonly changed: number;
}

export function compareRecords(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): RecordComparison {
  let lost = 0;
  let changed = 0;
  for (const [key, value] of before) {
    const now = after.get(key);
    if (now === undefined) ++lost;
    else if (now !== value) ++changed;
  }
  return { compared: before.size, lost, changed };
}
