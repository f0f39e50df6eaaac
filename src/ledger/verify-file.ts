import Database from 'better-sqlite3';
import type { Db } from './database.ts';
import { readMigrations } from './migrate.ts';
import type { Findings } from './verify-findings.ts';
import type { VerifyScene } from './verify.ts';

/** Whether the file is whole: its pages and indexes, the references between rows, and the tables and views themselves. */
export function* verifyFile({ database, findings }: VerifyScene): Generator<void> {
  verifyPages(database, findings);
  yield;
  yield* verifyReferences(database, findings);
  verifySchema(database, findings);
}

function verifyPages(database: Db, findings: Findings): void {
  for (const text of database.prepare<[], string>('pragma integrity_check(20)').pluck().iterate()) {
    if (text !== 'ok') findings.problem('file', `The file is damaged: ${text.replace(/\s+/g, ' ')}.`);
  }
}

type BrokenReference = { readonly table: string; readonly rowid: number | null; readonly parent: string };

function* verifyReferences(database: Db, findings: Findings): Generator<void> {
  const broken = database.prepare<[], BrokenReference>('pragma foreign_key_check');
  for (const { table, rowid, parent } of broken.iterate()) {
    const row = rowid === null ? 'A row' : `Row ${rowid}`;
    findings.problem('file', `${row} of the table ${table} points to a row of ${parent} that does not exist.`);
    yield;
  }
}

type SchemaObject = { readonly type: string; readonly name: string; readonly sql: string };

/** People may add views and indexes of their own; what the migrations make must be there as they make it. */
function verifySchema(database: Db, findings: Findings): void {
  const found = new Map(objectsOf(database).map((object) => [object.name, object]));
  for (const { type, name, sql } of expectedObjects()) {
    const object = found.get(name);
    if (object === undefined) findings.problem('file', `The ${type} ${name} does not exist.`);
    else if (object.sql !== sql) findings.problem('file', `The ${type} ${name} is not what the migrations make.`);
  }
}

function expectedObjects(): SchemaObject[] {
  const model = new Database(':memory:');
  try {
    for (const { sql } of readMigrations()) model.exec(sql);
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
