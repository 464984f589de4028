/** The named databases of a store. All of them are made when the store is, so that opening it later writes nothing. */
import type { Database, DatabaseOptions, Key } from 'lmdb';
import type { Environment } from './environment.ts';
import { storeError } from './store-error.ts';

const uint32Json: DatabaseOptions = { encoding: 'json', keyEncoding: 'uint32' };

const databases = {
  /** The format of the store; tells it from LMDB files of other programs, so it is made first. */
  hotclick: { encoding: 'json' },
  /** Layouts and state names by id. */
  layouts: uint32Json,
  states: uint32Json,
  /** Pages and static values; see value-table.ts. */
  values: { encoding: 'binary', keyEncoding: 'binary', useVersions: true },
  /** When state of a revision was written. */
  revisions: uint32Json,
  journal: uint32Json,
  /** Contents of element libraries by hash, and their names and versions. */
  libraries: { encoding: 'binary' },
  'library-index': { encoding: 'json' },
} as const satisfies Record<string, DatabaseOptions>;

export type DatabaseName = keyof typeof databases;

export const markerDatabase: DatabaseName = 'hotclick';
export const databaseNames = Object.keys(databases) as DatabaseName[];

/** Errors: HC_STORE when a store that is only read does not have it. */
export function openDatabase<V, K extends Key>(environment: Environment, name: DatabaseName): Database<V, K> {
  const database = environment.database<V, K>(name, databases[name]);
  if (database === undefined)
    throw storeError('missing', `the store ${environment.directory} was never completed`);
  return database;
}
