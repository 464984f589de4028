/**
 * Whether the states of one version of a class can become those of another, and back. The native half refuses the same
 * when it prepares; here it is found before any code of the new version runs, and the way back is looked at too.
 */
import type { StateConversion } from '../../engine-types.ts';
import type { ElementClass, FieldInfo, SchemaInfo, StateInfo } from '../../graph/element-class.ts';

export interface SchemaPath {
  /** Why there is no way; empty when there is one. */
  readonly refusals: readonly string[];
  /** What a rollback will not bring back, and what is lost. */
  readonly warnings: readonly string[];
}

export function schemaPath(from: ElementClass, to: ElementClass): SchemaPath {
  const refusals: string[] = [];
  const warnings: string[] = [];
  for (const before of from.states) {
    const after = to.states.find(({ name }) => name === before.name);
    const state = `${to.className}, state '${before.name}'`;
    if (!after) {
      warnings.push(`${state}: version ${to.version} has no such state, it is lost`);
      continue;
    }
    const refusal = obstacle(before, after);
    if (refusal !== undefined) refusals.push(`${state}: ${refusal}`);
    else if (after.schema.version > before.schema.version) {
      const back = wayBack(before, after);
      if (back !== undefined) warnings.push(`${state}: ${back}`);
    }
  }
  return { refusals, warnings };
}

/** Why records of `before` cannot become records of `after`. */
function obstacle(before: StateInfo, after: StateInfo): string | undefined {
  if (before.kind !== after.kind) return `it is a ${before.kind} and would become a ${after.kind}`;
  if (!sameLayout(before.key, after.key)) return 'its key changed; keys cannot be converted';
  if (sameLayout(before.schema, after.schema)) return undefined;
  const { version } = before.schema;
  if (version === after.schema.version) return `the layout changed but the schema version ${version} did not`;
  if (hasConversion(before, after)) return undefined;
  const field = changedType(before.schema, after.schema);
  if (field === undefined) return undefined;
  const conversion =
    after.schema.version > version ? `up_from(${version})` : `down_to(${after.schema.version})`;
  return `field '${field.name}' is another type in schema version ${after.schema.version} and there is no ${conversion}`;
}

/** What a rollback from `after` to `before` will not do. */
function wayBack(before: StateInfo, after: StateInfo): string | undefined {
  const { version } = before.schema;
  if (hasConversion(after, before)) return undefined;
  const field = changedType(after.schema, before.schema);
  if (field !== undefined)
    return `no down_to(${version}), and field '${field.name}' is another type there: it cannot be rolled back`;
  const names = new Set(before.schema.fields.map(({ name }) => name));
  const lost = after.schema.fields.filter(({ name }) => !names.has(name)).map(({ name }) => `'${name}'`);
  return (
    `no down_to(${version}): a rollback carries fields of equal name over` +
    (lost.length > 0 ? ` and loses ${lost.join(', ')}` : '')
  );
}

/** How records of one version become those of another, and what the way back does; undefined when nothing changes. */
export function conversionOf(before: StateInfo, after: StateInfo): StateConversion | undefined {
  if (sameLayout(before.schema, after.schema)) return undefined;
  const names = new Set(before.schema.fields.map(({ name }) => name));
  const back = converterOf(after, before);
  const lost = after.schema.fields.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  return {
    from: before.schema.version,
    to: after.schema.version,
    converter: converterOf(before, after),
    back,
    lostByRollback: back === byName ? lost : [],
  };
}

const byName = 'fields of equal name';

function converterOf(from: StateInfo, to: StateInfo): string {
  if (!hasConversion(from, to)) return byName;
  return to.schema.version > from.schema.version
    ? `up_from(${from.schema.version})`
    : `down_to(${to.schema.version})`;
}

/** Both ways an author's function is in the library with the higher version. */
function hasConversion(from: StateInfo, to: StateInfo): boolean {
  return to.schema.version > from.schema.version
    ? (to.up ?? []).includes(from.schema.version)
    : (from.down ?? []).includes(to.schema.version);
}

/** The first field of equal name that cannot simply be carried over. */
function changedType(from: SchemaInfo, to: SchemaInfo): FieldInfo | undefined {
  return to.fields.find((field) => {
    const old = from.fields.find(({ name }) => name === field.name);
    return old !== undefined && !carriesOver(old, field);
  });
}

const integers = new Set(['bool', 'u8', 'u16', 'u32', 'u64', 'i32', 'i64', 'time', 'duration', 'rate']);
const arrays = new Set(['bytes', 'text']);

function carriesOver(from: FieldInfo, to: FieldInfo): boolean {
  if (from.type === to.type && (from.size === to.size || arrays.has(to.type))) return true;
  return integers.has(from.type) && integers.has(to.type);
}

/** Conversions apart: what lies where in a record. How the values of shards are merged is no part of it. */
export function sameLayout(one: SchemaInfo | undefined, other: SchemaInfo | undefined): boolean {
  const layoutOf = (schema: SchemaInfo | undefined) =>
    JSON.stringify(
      schema && { ...schema, fields: schema.fields.map((field) => ({ ...field, merge: undefined })) },
    );
  return layoutOf(one) === layoutOf(other);
}
