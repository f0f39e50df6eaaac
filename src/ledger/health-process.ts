// The process that looks through the pages of a ledger (health.ts starts it, with the path and how deep to look).
import Database from 'better-sqlite3';
import { openCopy } from './database.ts';
import type { HealthWord } from './health.ts';
import { lookAtPages } from './pages.ts';

const path = process.argv[2] ?? '';
const depth = process.argv[3] === 'whole' ? 'whole' : 'quick';
// A Ctrl-C on a terminal reaches this process too; who started it ends it, and must not take that for an accident.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
const say = (word: HealthWord) => process.send?.(word);

try {
  // Whoever asks has opened it before, or made it: a copy may lie where no ledger may.
  const database = openCopy(path);
  try {
    const { damages, broken, moreBroken } = lookAtPages(database, depth);
    say({ kind: 'looked', damages: [...damages], broken: [...broken], moreBroken });
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
  return isDamage ? { kind: 'looked', damages: [message], broken: [], moreBroken: 0 } : { kind: 'failed', message };
}
