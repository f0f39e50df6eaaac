import type { Db } from './database.ts';

/** Short numbers for texts that many rows share. */
export type Dictionary = {
  readonly api: (name: string) => number;
  readonly url: (url: string | null, endpoint: string) => number;
  readonly status: (status: string | null, code: number | null) => number;
  readonly boot: (name: string) => number;
  /** After a transaction was rolled back, numbers that it gave out are void. */
  readonly forget: () => void;
};

/** A hostile server could send a new text with every row: the cache is emptied before it grows beyond this. */
const MOST_CACHED = 10_000;

export function createDictionary(database: Db): Dictionary {
  const api = words(database, 'select id from api where name is ?', 'insert into api (name) values (?)');
  const endpoint = words(database, 'select id from endpoint where name is ?', 'insert into endpoint (name) values (?)');
  const boot = words(database, 'select id from boot where name is ?', 'insert into boot (name) values (?)');
  const url = words(database, 'select id from url where url is ?', 'insert into url (url, endpoint) values (?, ?)');
  const status = words(
    database,
    'select id from status where status is ?',
    'insert into status (status, code) values (?, ?)',
  );
  return {
    api: (name) => api.number(name),
    url: (text, endpointName) => url.number(text, () => endpoint.number(endpointName)),
    status: (text, code) => status.number(text, () => code),
    boot: (name) => boot.number(name),
    forget: () => {
      for (const each of [api, endpoint, boot, url, status]) each.forget();
    },
  };
}

function words(database: Db, selectSql: string, insertSql: string) {
  const select = database.prepare<[string | null], number>(selectSql).pluck();
  const insert = database.prepare<[string | null, ...(number | null)[]]>(insertSql);
  const cache = new Map<string | null, number>();
  return {
    number: (text: string | null, second?: () => number | null): number => {
      const cached = cache.get(text);
      if (cached !== undefined) return cached;
      const found = select.get(text);
      const number = found ?? Number(insert.run(text, ...(second === undefined ? [] : [second()])).lastInsertRowid);
      if (cache.size >= MOST_CACHED) cache.clear();
      cache.set(text, number);
      return number;
    },
    forget: () => cache.clear(),
  };
}
