// The process that looks through the pages of a ledger (health.ts starts it, with the path as its only argument): SQLite does it
// in one go, which nothing but the end of the process interrupts.
import Database from 'better-sqlite3';
import { openForReading } from './database.ts';
import type { HealthWord } from './health.ts';

/** More of them say no more. */
const MOST_NAMED = 3;

const path = process.argv[2] ?? '';
const say = (word: HealthWord) => process.send?.(word);

try {
  const database = openForReading(path);
  try {
    const told = database.prepare<[], string>(`pragma quick_check(${MOST_NAMED})`).pluck().all();
    say({ kind: 'looked', damages: told.filter((text) => text !== 'ok') });
  } finally {
    database.close();
  }
} catch (error) {
  say(wordOf(error));
}
process.disconnect();

/** Pages so broken that SQLite gives the check itself up are damage too. */
function wordOf(error: unknown): HealthWord {
  const cause = error instanceof Error && error.cause instanceof Database.SqliteError ? error.cause : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  const isDamage = cause instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB|IOERR)/.test(cause.code);
  return isDamage ? { kind: 'looked', damages: [message] } : { kind: 'failed', message };
}
