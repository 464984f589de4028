/** Reads values out of JSON that somebody wrote by hand; every complaint names the place. */
import { HotclickError } from '../../errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A value and where it stands: 'FILE: vectors[2].steps[0]'. */
export class JsonValue {
  readonly #value: unknown;
  readonly at: string;

  constructor(value: unknown, at: string) {
    this.#value = value;
    this.at = at;
  }

  /** @throws HotclickError HC_ARGUMENT, as all that follow */
  refuse(wanted: string): never {
    const given = JSON.stringify(this.#value) ?? 'nothing';
    throw new HotclickError('HC_ARGUMENT', `${this.at} must be ${wanted}, not ${given.slice(0, 60)}`);
  }

  get raw(): unknown {
    return this.#value;
  }
  get isThere(): boolean {
    return this.#value !== undefined;
  }
  get isText(): boolean {
    return typeof this.#value === 'string';
  }
  get isList(): boolean {
    return Array.isArray(this.#value);
  }

  text(): string {
    return typeof this.#value === 'string' ? this.#value : this.refuse('a string');
  }
  whole(most = Number.MAX_SAFE_INTEGER): number {
    const value = this.#value;
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
    return fits ? value : this.refuse(`a whole number from 0 to ${most}`);
  }
  list(): JsonValue[] {
    const value = this.#value;
    if (!Array.isArray(value)) this.refuse('a list');
    return (value as unknown[]).map((one, i) => new JsonValue(one, `${this.at}[${i}]`));
  }
  /** The fields of an object. `known`: the only names it may have. */
  fields(known?: readonly string[]): Map<string, JsonValue> {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.refuse('an object');
    const fields = new Map<string, JsonValue>();
    for (const [name, one] of Object.entries(value as JsonObject)) {
      if (known && !known.includes(name))
        throw new HotclickError('HC_ARGUMENT', `${this.at} has an unknown field '${name}'`, {
          hint: `fields: ${known.join(', ')}`,
        });
      fields.set(name, new JsonValue(one, `${this.at}.${name}`));
    }
    return fields;
  }
  /** A field that must be there. */
  field(name: string): JsonValue {
    const found = this.fields().get(name);
    return found ?? new JsonValue(undefined, `${this.at}.${name}`).refuse('given');
  }
}
