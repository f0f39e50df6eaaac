import Database from 'better-sqlite3';

/** Of the library that opens ledgers: `3.53.0`. */
export function sqliteVersion(): string {
  const database = new Database(':memory:');
  try {
    return String(database.prepare('select sqlite_version()').pluck().get());
  } finally {
    database.close();
  }
}
