/** Tables of the store that the running classes cannot take up, because their key is another one. */
import { HotclickError } from '../errors.ts';
import type { SchemaInfo, StateInfo } from '../graph/element-class.ts';

/** A table of the store. */
export interface StoredTable {
  readonly element: string;
  readonly state: string;
  readonly className: string;
  readonly classVersion: string;
  readonly keySchema: SchemaInfo;
  readonly records: number;
}

/** @param stateOf the state of that name that the running element has; undefined for none */
export function changedKeys(
  tables: readonly StoredTable[],
  stateOf: (element: string, state: string) => StateInfo | undefined,
): HotclickError[] {
  return tables.flatMap(({ element, state, className, classVersion, keySchema, records }) => {
    const key = stateOf(element, state)?.key;
    if (records === 0 || key === undefined || sameKey(key, keySchema)) return [];
    return new HotclickError(
      'HC_STATE_SCHEMA',
      `table '${element}/${state}' begins empty: its key is not the one that ${className} ${classVersion} wrote to the ` +
        `store (version ${keySchema.version}: ${fieldsOf(keySchema)}; now version ${key.version}: ${fieldsOf(key)}), and keys cannot be converted`,
      {
        hint: `its ${records} records stay in the store under the revisions before this one; run the version that wrote them to have them back`,
        details: { element, state, records },
      },
    );
  });
}

function sameKey(a: SchemaInfo, b: SchemaInfo): boolean {
  return a.version === b.version && a.size === b.size && fieldsOf(a) === fieldsOf(b);
}

function fieldsOf({ fields }: SchemaInfo): string {
  return fields.map(({ name, type, offset }) => `${name} ${type} at ${offset}`).join(', ');
}
