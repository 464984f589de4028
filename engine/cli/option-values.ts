/** Readers of option values, and the options that many commands have. */

import { InvalidArgumentError, Option } from 'commander';
import { staticsModes, strategies } from '../engine-types.ts';

export interface JsonOptions {
  readonly json?: boolean;
}

export interface ControlOptions {
  readonly control?: string;
}

export const jsonOption = () =>
  new Option('--json', 'print JSON: one object, or one a line where there are many');

export const controlOption = () =>
  new Option(
    '--control <path>',
    'control socket of the engine (default: $HOTCLICK_CONTROL, or the one place each user has)',
  );

export const strategyOption = () =>
  new Option(
    '--strategy <name>',
    Object.entries(strategies)
      .map(([name, what]) => `${name}: ${what}`)
      .join('; '),
  ).choices(Object.keys(strategies));

export const staticsOption = () =>
  new Option(
    '--statics <way>',
    `about static variables that a library has not declared as state: ${Object.entries(staticsModes)
      .map(([name, what]) => `${name}: ${what}`)
      .join('; ')}`,
  ).choices(Object.keys(staticsModes));

/** For strategies that replace the process. */
export const successorOptions = () => [
  new Option(
    '--core <file>',
    'strategy core: the core (hotclick.node) that takes over; default: the installed one',
  ),
  new Option('--node <path>', 'Node.js of the new process, where the strategy starts one'),
  new Option('--hotclick <directory>', 'installation of hotclick that the new process runs'),
  new Option('--cold', 'restart: begin the new process only when the old one has stopped'),
];

export const dryRunOption = () => new Option('--dry-run', 'print the plan and change nothing');

export const newFlowsOnlyOption = () =>
  new Option(
    '--new-flows-only',
    'existing flows stay with the version that runs until they end; the new one takes new flows',
  );

export const defineOption = () =>
  new Option(
    '--define <name=value>',
    'value for $name in the configuration; may be given several times',
  ).argParser(collectDefines);

/** Whole numbers from `min`. */
export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
      throw new InvalidArgumentError(`It must be a whole number ${range}.`);
    }
    return value;
  };
}

/** Seconds, as a decimal number, that are not negative. */
export function seconds(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('It must be a number of seconds.');
  return Number(text);
}

/** '0,2-3' → [0, 2, 3]. */
export function cpuList(text: string): number[] {
  const cpus = text.split(',').flatMap((part) => {
    const [, first, last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim()) ?? [];
    if (first === undefined || Number(last) < Number(first)) {
      throw new InvalidArgumentError('It must be a list of processor numbers, such as 0,1 or 0-3.');
    }
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
  });
  return [...new Set(cpus)];
}

export function collectDefines(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [name, value] = splitAssignment(text, 'NAME=VALUE');
  if (!/^[A-Za-z_]\w*$/.test(name))
    throw new InvalidArgumentError(`'${name}' cannot be the name of a parameter.`);
  return { ...before, [name]: value };
}

/** 'Class=path' words to an object. */
export function collectChanges(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [name, path] = splitAssignment(text, 'CLASS=PATH');
  if (path === '') throw new InvalidArgumentError('The path is missing.');
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`${name} is given twice.`);
  return { ...before, [name]: path };
}

function splitAssignment(text: string, form: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(`It must have the form ${form}.`);
  return [text.slice(0, at), text.slice(at + 1)];
}
