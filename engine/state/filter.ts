/**
 * Filters over records: `dst=10.0.0.1 && dport>=1024 && src in 10.0.0.0/8`. A condition names a field of the key or
 * the value (`key.NAME` and `value.NAME` where both have it), or one of `slot`, `shard`, `link`, `expires`.
 */
import { HotclickError } from '../errors.ts';
import type { FieldInfo } from '../graph/element-class.ts';
import { dateOfTicks, type RawRecord } from './decode.ts';
import { codecOf, type Ordered } from './field-codec.ts';
import { parseInteger, parsePrefix4, parsePrefix6, parseTime } from './field-text.ts';
import type { StateLayout } from './state-page.ts';

type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in';

export interface FilterCondition {
  readonly field: string;
  readonly operator: Operator;
  readonly literal: string;
}

/** Whether a record of the layout it was compiled for passes. */
export type RecordTest = (record: RawRecord, shard: number) => boolean;

const conditionPattern = /^([A-Za-z_][\w.]*)\s*(?:(==|!=|<=|>=|=|<|>)\s*|\s+(in)\s+)(.+)$/s;

/** Errors: HC_ARGUMENT with the condition that cannot be read. */
export function parseFilter(filter: string): FilterCondition[] {
  return splitConditions(filter).map((part) => {
    const match = conditionPattern.exec(part.trim());
    const [, field, symbol, word, literal] = match ?? [];
    if (field === undefined || literal === undefined) {
      throw new HotclickError('HC_ARGUMENT', `'${part.trim()}' is not a condition of a filter`, {
        hint: 'write FIELD=VALUE, FIELD!=VALUE, FIELD<VALUE, FIELD>=VALUE or FIELD in PREFIX, joined with &&',
      });
    }
    const operator = (symbol === '==' ? '=' : (symbol ?? word)) as Operator;
    return { field, operator, literal: unquote(literal.trim()) };
  });
}

/** Fields of the conditions that records of the layout do not have. */
export function unknownFields(conditions: readonly FilterCondition[], layout: StateLayout): string[] {
  return conditions
    .map(({ field }) => field)
    .filter((name) => !Object.hasOwn(recordFields, name) && !findField(layout, name));
}

/** Names a filter may use for records of the layout. */
export function filterFields(layout: StateLayout): string[] {
  const names = [...(layout.keySchema?.fields ?? []), ...layout.valueSchema.fields].map(
    (field) => field.name,
  );
  return [...new Set(names), ...Object.keys(recordFields)];
}

/** Errors: HC_ARGUMENT for a value that is not one of the field's type. Unknown fields match nothing. */
export function compileFilter(conditions: readonly FilterCondition[], layout: StateLayout): RecordTest {
  const tests = conditions.map((condition) => compileCondition(condition, layout));
  return (record, shard) => tests.every((test) => test(record, shard));
}

interface RecordField {
  order(record: RawRecord, shard: number): Ordered;
  parse(literal: string): Ordered;
}

const number = (order: RecordField['order']): RecordField => ({
  order,
  parse: (text) => Number(parseInteger(text)),
});

const recordFields: Readonly<Record<string, RecordField>> = {
  slot: number((record) => record.slot),
  shard: number((_record, shard) => shard),
  link: number((record) => record.link),
  expires: {
    order: (record) => BigInt(dateOfTicks(record.expires)?.getTime() ?? 0) * 1_000_000n,
    parse: parseTime,
  },
};

function compileCondition(condition: FilterCondition, layout: StateLayout): RecordTest {
  const found = findField(layout, condition.field);
  const field = found === undefined ? recordFields[condition.field] : schemaField(found);
  if (field === undefined) return () => false;
  if (condition.operator === 'in') return compileIn(condition, found);
  const wanted = field.parse(condition.literal);
  const { order } = field;
  switch (condition.operator) {
    case '=':
      return (record, shard) => order(record, shard) === wanted;
    case '!=':
      return (record, shard) => order(record, shard) !== wanted;
    case '<':
      return (record, shard) => order(record, shard) < wanted;
    case '<=':
      return (record, shard) => order(record, shard) <= wanted;
    case '>':
      return (record, shard) => order(record, shard) > wanted;
    case '>=':
      return (record, shard) => order(record, shard) >= wanted;
  }
}

interface PlacedField {
  readonly field: FieldInfo;
  /** Offset from the start of the record. */
  readonly at: number;
}

function schemaField({ field, at }: PlacedField): RecordField {
  const codec = codecOf(field);
  return {
    order: (record) => codec.order(record.view, record.at + at, field.size),
    parse: (literal) => codec.parse(literal),
  };
}

function compileIn({ field: name, literal }: FilterCondition, found: PlacedField | undefined): RecordTest {
  const { field, at } = found ?? { field: { name, type: 'number', offset: 0, size: 0 }, at: 0 };
  if (field.type === 'ip4' || field.type === 'prefix4') {
    const { address, mask } = parsePrefix4(literal);
    const wanted = (address & mask) >>> 0;
    return ({ view, at: start }) => (view.getUint32(start + at) & mask) >>> 0 === wanted;
  }
  if (field.type === 'ip6') {
    const { address, length } = parsePrefix6(literal);
    const shift = BigInt(128 - length);
    const codec = codecOf(field);
    const numberOf = (text: string) => BigInt(`0x${text}`) >> shift;
    const wanted = numberOf(Buffer.from(address).toString('hex'));
    return ({ view, at: start }) => numberOf(String(codec.order(view, start + at, field.size))) === wanted;
  }
  throw new HotclickError('HC_ARGUMENT', `'${name} in ${literal}': ${name} is no address but ${field.type}`);
}

function findField(layout: StateLayout, name: string): PlacedField | undefined {
  const key = layout.keySchema?.fields ?? [];
  const [head, ...rest] = name.split('.');
  const qualified = rest.length > 0 ? rest.join('.') : undefined;
  const inKey = (wanted: string) => key.find((field) => field.name === wanted);
  const inValue = (wanted: string) => layout.valueSchema.fields.find((field) => field.name === wanted);
  const keyField = head === 'key' && qualified !== undefined ? inKey(qualified) : inKey(name);
  if (keyField !== undefined) return { field: keyField, at: keyField.offset };
  const valueField = head === 'value' && qualified !== undefined ? inValue(qualified) : inValue(name);
  return valueField === undefined
    ? undefined
    : { field: valueField, at: layout.valueOffset + valueField.offset };
}

/** Splits at && outside of quotes. */
function splitConditions(filter: string): string[] {
  const parts: string[] = [];
  let quote = '';
  let start = 0;
  for (let i = 0; i < filter.length; i++) {
    const character = filter[i] ?? '';
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (filter.startsWith('&&', i)) {
      parts.push(filter.slice(start, i));
      start = i + 2;
      i++;
    }
  }
  if (quote !== '') throw new HotclickError('HC_ARGUMENT', `a quote is not closed in the filter '${filter}'`);
  return [...parts, filter.slice(start)];
}

function unquote(literal: string): string {
  const match = /^(["'])(.*)\1$/s.exec(literal);
  return match?.[2] ?? literal;
}
