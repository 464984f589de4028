/** Small validators for what comes over the control socket. Each says what it wants, and what it was given instead. */

import { HotclickError } from '../errors.ts';

/** Gives `value` back as a T, or throws HC_CONTROL_REQUEST that names the place `at`. */
export type Schema<T> = (value: unknown, at: string) => T;

/** What a schema makes. */
export type Parsed<S> = S extends Schema<infer T> ? T : never;

export interface TextLimits {
  /** Characters; default 1. */
  readonly min?: number;
}

export function text({ min = 1 }: TextLimits = {}): Schema<string> {
  return (value, at) => {
    if (typeof value !== 'string') refuse(at, 'a string', value);
    if (value.length < min) throw requestError(`${at} must not be empty`);
    return value;
  };
}

export function integer({ min, max }: { min: number; max: number }): Schema<number> {
  return (value, at) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      refuse(at, `a whole number from ${min} to ${max}`, value);
    }
    return value;
  };
}

/** Any finite number from `min`. */
export function number({ min }: { min: number }): Schema<number> {
  return (value, at) => {
    if (typeof value !== 'number' || !Number.isFinite(value) || value < min) {
      refuse(at, `a number from ${min}`, value);
    }
    return value;
  };
}

/** What `schema` takes, or the word. */
export function orWord<T, const W extends string>(schema: Schema<T>, word: W): Schema<T | W> {
  return (value, at) => (value === word ? word : schema(value, at));
}

export function flag(): Schema<boolean> {
  return (value, at) => (typeof value === 'boolean' ? value : refuse(at, 'true or false', value));
}

export function oneOf<const T extends string>(...choices: readonly T[]): Schema<T> {
  return (value, at) => {
    const found = choices.find((choice) => choice === value);
    return found ?? refuse(at, `one of ${choices.join(', ')}`, value);
  };
}

export function list<T>(values: Schema<T>): Schema<T[]> {
  return (value, at) =>
    Array.isArray(value)
      ? value.map((one: unknown, i) => values(one, `${at}[${i}]`))
      : refuse(at, 'a list', value);
}

/** An object with any names; `min`: how many it must have at least. */
export function record<T>(values: Schema<T>, { min = 0 } = {}): Schema<Record<string, T>> {
  return (value, at) => {
    const entries = Object.entries(plainObject(value, at));
    if (entries.length < min) throw requestError(`${at} must not be empty`);
    return Object.fromEntries(entries.map(([name, one]) => [name, values(one, `${at}.${name}`)]));
  };
}

/** Marks a field that may be left out. */
export interface Optional<T> {
  readonly optional: Schema<T>;
}

export function optional<T>(schema: Schema<T>): Optional<T> {
  return { optional: schema };
}

type Fields = Readonly<Record<string, Schema<unknown> | Optional<unknown>>>;
type Mandatory<F extends Fields> = {
  [K in keyof F as F[K] extends Optional<unknown> ? never : K]: Parsed<F[K]>;
};
type Voluntary<F extends Fields> = {
  [K in keyof F as F[K] extends Optional<unknown> ? K : never]?: F[K] extends Optional<infer T> ? T : never;
};

/** An object with these fields and no others. */
export function object<F extends Fields>(fields: F): Schema<Mandatory<F> & Voluntary<F>> {
  return (value, at) => {
    const given = plainObject(value, at);
    const unknown = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
    if (unknown !== undefined) {
      const known = Object.keys(fields);
      throw requestError(
        `${at} has an unknown field '${unknown}'`,
        known.length > 0 ? `fields: ${known.join(', ')}` : 'it takes no fields',
      );
    }
    const parsed: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      const one = Object.hasOwn(given, name) ? given[name] : undefined;
      if (typeof field === 'function') {
        if (one === undefined) throw requestError(`${at}.${name} is missing`);
        parsed[name] = field(one, `${at}.${name}`);
      } else if (one !== undefined) {
        parsed[name] = field.optional(one, `${at}.${name}`);
      }
    }
    return parsed as Mandatory<F> & Voluntary<F>;
  };
}

export function plainObject(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(at, 'an object', value);
  return value as Record<string, unknown>;
}

export function requestError(message: string, hint?: string): HotclickError {
  return new HotclickError('HC_CONTROL_REQUEST', message, hint === undefined ? {} : { hint });
}

function refuse(at: string, wanted: string, value: unknown): never {
  throw requestError(`${at} must be ${wanted}, not ${describe(value)}`);
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const json = JSON.stringify(value) ?? 'nothing';
  return json.length > 40 ? `${json.slice(0, 40)}…` : json;
}
