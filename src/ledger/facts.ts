import type { FilterColumn } from '../domain/filter-column.ts';
import type { Db } from './database.ts';
import { toSeconds } from './seconds.ts';

export type FactBook = {
  /** The column that an API filters by, as far as it has shown it; null before. */
  readonly filterColumn: (api: number) => FilterColumn | null;
  readonly learnFilterColumn: (api: number, column: FilterColumn, seen: { at: number; call: number }) => void;
};

/** What the server has shown of itself where its documentation is silent, with the call that showed it first. */
export function createFactBook(database: Db): FactBook {
  const read = database
    .prepare<[number], FilterColumn>(`select value from fact where api = ? and name = 'filter'`)
    .pluck();
  const write = database.prepare(
    `insert into fact (api, name, value, seen_at, call) values (?, 'filter', ?, ?, ?)
     on conflict (api, name) do update set value = excluded.value, seen_at = excluded.seen_at, call = excluded.call`,
  );
  return {
    filterColumn: (api) => read.get(api) ?? null,
    learnFilterColumn: (api, column, seen) => {
      write.run(api, column, toSeconds(seen.at), seen.call);
    },
  };
}
