/** Optional properties under `exactOptionalPropertyTypes`. */

/** A property that is left out when it has no value, to be spread into an object. */
export function given<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]?: Value });
}
