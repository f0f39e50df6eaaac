import { readdirSync, readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { LedgerError } from '../domain/errors.ts';
import { defineLikeness } from './likeness.ts';

/** `LEDG`: says in the file's header that it is a ledger. */
export const APPLICATION_ID = 0x4c454447;

const FOLDER = new URL('../../migrations/', import.meta.url);

export type Migration = {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** Says so in its first line, `-- rewrites`: it changes rows that are there, so the ledger is copied first. */
  readonly rewrites: boolean;
};

/** The migrations that this version brings, in order. Their numbers run from 1 without a hole. */
export function readMigrations(folder: URL = FOLDER): Migration[] {
  const names = readdirSync(folder)
    .filter((name) => /^\d{4}_.+\.sql$/.test(name))
    .sort();
  return names.map((name, index) => {
    const number = Number(name.slice(0, 4));
    if (number !== index + 1) throw new LedgerError('broken', `Migration ${name} should have number ${index + 1}.`);
    const sql = readFileSync(new URL(name, folder), 'utf8');
    return { number, name, sql, rewrites: /^-- rewrites\b/.test(sql) };
  });
}

export type FileKind =
  { readonly kind: 'new' } | { readonly kind: 'ledger'; readonly schemaVersion: number } | { readonly kind: 'foreign' };

/** What a database file is, by its header and its tables; reads only. A file that a kill left without tables is new. */
export function fileKind(database: Database.Database): FileKind {
  const applicationId = database.pragma('application_id', { simple: true });
  const schemaVersion = Number(database.pragma('user_version', { simple: true }));
  const tables = Number(database.prepare('select count(*) from sqlite_schema').pluck().get());
  if (applicationId === APPLICATION_ID) return { kind: 'ledger', schemaVersion };
  return applicationId === 0 && tables === 0 && schemaVersion === 0 ? { kind: 'new' } : { kind: 'foreign' };
}

/**
 * Brings the file to the newest schema: each migration in one transaction with its number, so a kill leaves the one or the other.
 * @throws {LedgerError} `unwritable` when the disk is too full to migrate a ledger that is there, `broken` when a migration fails
 * otherwise; the file is then as it was before that migration.
 */
export function migrate(
  database: Database.Database,
  migrations: readonly Omit<Migration, 'rewrites'>[],
  from: number,
): void {
  defineLikeness(database);
  for (const { number, name, sql } of migrations.filter((migration) => migration.number > from)) {
    try {
      database
        .transaction(() => {
          database.exec(sql);
          database.pragma(`application_id = ${APPLICATION_ID}`);
          database.pragma(`user_version = ${number}`);
        })
        .immediate();
    } catch (cause) {
      const isFull = from > 0 && cause instanceof Database.SqliteError && cause.code === 'SQLITE_FULL';
      throw new LedgerError(
        isFull ? 'unwritable' : 'broken',
        `Migration ${name} failed; the ledger is as it was before it.`,
        {
          hint: 'Look at the cause, e.g. a full disk, mend it and start again.',
          cause,
        },
      );
    }
  }
}

/** @throws {LedgerError} `newer_schema`, naming both versions. */
export function refuseNewer(path: string, found: number, newest: number): void {
  if (found <= newest) return;
  throw new LedgerError(
    'newer_schema',
    `The ledger ${path} has schema ${found}; this version knows schemas up to ${newest}.`,
    {
      hint: 'Run the newer version of dataforseo-ledger that wrote it. Nothing was changed.',
    },
  );
}
