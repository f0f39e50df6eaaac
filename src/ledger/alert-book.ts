import type { AlertKind, AlertLetter, AlertMemory } from '../domain/alert-decision.ts';
import type { Db } from './database.ts';
import { readMeta, writeMeta } from './meta.ts';
import { createNewestWord } from './newest-word.ts';
import { toSeconds, toSecondsOrNull } from './seconds.ts';

/** What the operator was told of, and what is still on its way, so that a restart neither repeats nor forgets it. */
export type AlertBook = {
  /** What those who are told now know; a new receiver knows nothing of what only the log was told. */
  readonly memory: (told: Told) => AlertMemory[];
  /** Oldest first. */
  readonly letters: () => AlertLetter[];
  /** Memory and letters belong together: the caller makes it one transaction. */
  readonly write: (memory: readonly AlertMemory[], letters: readonly AlertLetter[], told: Told) => void;
  /** The receiver has it, or it is given up. */
  readonly drop: (id: string) => void;
  /** Of the newest doubts, how many there are of each kind, the most frequent first. */
  readonly newestDoubts: (most: number) => { readonly kind: string; readonly count: number }[];
  /** Whether DataForSEO has answered a call well since it last refused one. */
  readonly isAnswered: () => boolean;
};

type Told = 'log' | 'receiver';

type MemoryRow = {
  readonly kind: AlertKind;
  readonly api: string;
  readonly since: number;
  readonly seenAt: number;
  readonly clearSince: number | null;
  readonly told: 0 | 1 | 2;
  readonly toldAt: number | null;
  readonly count: number;
};

export function createAlertBook(database: Db): AlertBook {
  const sql = statements(database);
  return {
    memory: (told) => {
      const isNews = told === 'receiver' && readMeta(database, 'alerts_told') === 'log';
      return isNews ? [] : sql.memory.all().map(asMemory);
    },
    letters: () => sql.letters.all().map(({ id, body, madeAt }) => ({ id, body, madeAt: madeAt * 1000 })),
    write: (memory, letters, told) => {
      writeMeta(database, 'alerts_told', told);
      sql.forget.run();
      for (const { kind, api, since, seenAt, clearSince, told, toldAt, count } of memory) {
        const instants = [toSeconds(since), toSeconds(seenAt), toSecondsOrNull(clearSince)];
        sql.remember.run(kind, api ?? '', ...instants, told, toSecondsOrNull(toldAt), count);
      }
      for (const { id, body, madeAt } of letters) sql.post.run(id, body, toSeconds(madeAt));
    },
    drop: (id) => void sql.drop.run(id),
    newestDoubts: (most) => sql.doubts.all(most),
    isAnswered: createNewestWord(database),
  };
}

function asMemory({ api, since, seenAt, clearSince, toldAt, ...rest }: MemoryRow): AlertMemory {
  return {
    ...rest,
    api: api === '' ? null : api,
    since: since * 1000,
    seenAt: seenAt * 1000,
    clearSince: clearSince === null ? null : clearSince * 1000,
    toldAt: toldAt === null ? null : toldAt * 1000,
  };
}

function statements(database: Db) {
  return {
    memory: database.prepare<[], MemoryRow>(
      `select kind, api, since, seen_at as seenAt, clear_since as clearSince, told, told_at as toldAt, count from alert`,
    ),
    letters: database.prepare<[], AlertLetter>('select id, body, made_at as madeAt from alert_letter order by n'),
    forget: database.prepare('delete from alert'),
    remember: database.prepare(
      `insert into alert (kind, api, since, seen_at, clear_since, told, told_at, count) values (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    post: database.prepare('insert into alert_letter (id, body, made_at) values (?, ?, ?) on conflict (id) do nothing'),
    drop: database.prepare('delete from alert_letter where id = ?'),
    doubts: database.prepare<[number], { kind: string; count: number }>(
      `select kind, count(*) as count from (select kind from doubt order by id desc limit ?)
       group by kind order by count desc, kind`,
    ),
  };
}
