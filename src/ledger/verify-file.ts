import { clearInterval, setInterval } from 'node:timers';
import Database from 'better-sqlite3';
import { LedgerError } from '../domain/errors.ts';
import type { Db } from './database.ts';
import { lookThrough } from './health.ts';
import { migrate, readMigrations } from './migrate.ts';
import { lookAtPages, type PagesLook } from './pages.ts';
import type { VerifyScene } from './verify.ts';

/** What is looked through in about a fifth of a second needs no process of its own. */
const OWN_PROCESS_BYTES = 20_000_000;
/** So often it is told that it still goes on. */
const TOLD_EVERY_MS = 250;

/**
 * Whether the file is whole: its pages and indexes, and the references between rows. SQLite looks through all of it in one go, in a
 * large file for a minute, so another process does that, which can be ended.
 *
 * @param tell - That it still goes on.
 * @throws {LedgerError} where that process could not look. @throws `signal.reason` when aborted.
 */
export async function verifyPages(
  { database, findings }: VerifyScene,
  tell: () => void,
  signal: AbortSignal,
): Promise<void> {
  const look = isLarge(database) ? await lookElsewhere(database.name, tell, signal) : lookAtPages(database, 'whole');
  for (const text of look.damages) findings.problem('file', `The file is damaged: ${text.replace(/\s+/g, ' ')}.`);
  for (const { table, rowid, parent } of look.broken) {
    const row = rowid === null ? 'A row' : `Row ${rowid}`;
    findings.problem('file', `${row} of the table ${table} points to a row of ${parent} that does not exist.`);
  }
  findings.more(look.moreBroken);
}

function isLarge(database: Db): boolean {
  const size = (name: string) => Number(database.pragma(name, { simple: true }));
  return size('page_count') * size('page_size') > OWN_PROCESS_BYTES;
}

async function lookElsewhere(path: string, tell: () => void, signal: AbortSignal): Promise<PagesLook> {
  // Of real time, by whatever clock the program runs: the other process works by that.
  const telling = setInterval(tell, TOLD_EVERY_MS);
  try {
    const health = await lookThrough({ path, depth: 'whole', boxMs: null }, signal);
    if (health.kind === 'looked') return health;
    const why = health.kind === 'failed' ? health.message : 'it was given up';
    throw new LedgerError('unreadable', `The pages of ${path} could not be looked through: ${why}.`, {
      hint: 'Nothing is known of the file by that. Verify again; where memory is short, with more of it.',
    });
  } finally {
    clearInterval(telling);
  }
}

type SchemaObject = { readonly type: string; readonly name: string; readonly sql: string };

/** People may add views and indexes of their own; what the migrations make must be there as they make it. */
export function* verifySchema({ database, findings }: VerifyScene): Generator<void> {
  const found = new Map(objectsOf(database).map((object) => [object.name, object]));
  for (const { type, name, sql } of expectedObjects()) {
    yield;
    const object = found.get(name);
    if (object === undefined) findings.problem('file', `The ${type} ${name} does not exist.`);
    else if (object.sql !== sql) findings.problem('file', `The ${type} ${name} is not what the migrations make.`);
  }
}

function expectedObjects(): SchemaObject[] {
  const model = new Database(':memory:');
  try {
    migrate(model, readMigrations(), 0);
    return objectsOf(model);
  } finally {
    model.close();
  }
}

function objectsOf(database: Db): SchemaObject[] {
  return database
    .prepare<[], SchemaObject>(
      `select type, name, sql from sqlite_schema where sql is not null and name not like 'sqlite_%'`,
    )
    .all();
}
