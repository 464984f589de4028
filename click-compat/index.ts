/** The Click language, for those outside this folder. */

export { splitArguments } from './arguments.ts';
export { flattenClick } from './flatten.ts';
export { clickSourceLines, parseClick } from './parse-click.ts';
export { quote, unquote } from './quoting.ts';
export type { ClickOptions, Library } from './reading.ts';
