/** Packages of Click's that a configuration may require: what they stand for is part of every engine. */
const packages = new Set(['userlevel', 'linux', 'int64', 'umultithread', 'batch']);

/** There are no others: a class that is not built in is found by its library. */
export function isKnownPackage(name: string): boolean {
  return packages.has(name);
}
