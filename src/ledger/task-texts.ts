import type { Db } from './database.ts';

/** As received, JSON; null where there is none. */
export type TaskTexts = { readonly metadata: string | null; readonly extra: string | null };

/** What a task's row holds beyond what is told of it elsewhere; null for an id that the ledger does not know. */
export function taskTexts(database: Db, id: string): TaskTexts | null {
  return database.prepare<[string], TaskTexts>('select metadata, extra from task where id = ?').get(id) ?? null;
}
