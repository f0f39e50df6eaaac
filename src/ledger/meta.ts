import type { Db } from './database.ts';

export type MetaKey = 'account' | 'alerts_told' | 'clock_skew_ms' | 'created_at' | 'opened_at' | 'trial';

export function readMeta(database: Db, key: MetaKey): string | null {
  const value: unknown = database.prepare('select value from meta where key = ?').pluck().get(key);
  return typeof value === 'string' ? value : null;
}

export function writeMeta(database: Db, key: MetaKey, value: string): void {
  database
    .prepare('insert into meta (key, value) values (?, ?) on conflict (key) do update set value = excluded.value')
    .run(key, value);
}
