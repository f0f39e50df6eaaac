import type { TimeRange } from '../domain/time-range.ts';
import type { Walk } from '../domain/walk.ts';
import type { Db } from './database.ts';
import { digestOf } from './id-digest.ts';
import { toSeconds } from './seconds.ts';

type Digest = {
  /** Distinct ids posted inside the slice that the reading listed. */
  readonly rows: number;
  /** Sum mod 2^128 of the first 16 bytes of each id's SHA-256, 32 hex digits: free of order, and anyone can work it out again. */
  readonly digest: string;
  /** Tasks that the ledger held before this walk began, posted and done inside the proven ranges, and not listed. */
  readonly unlisted: readonly string[];
};

/** `number` is what the ledger knows the row by, `key` what the server does; the link is a key. `nameless`: without id. */
type ProofRow = { readonly number: number; readonly key: string; readonly nameless: boolean };

/** What an open walk has listed; kept in the ledger, so that a restart proves as much as an undisturbed run. */
export type Proof = {
  /** Enters the rows of a page. @returns For each whether this reading had listed it before; the link row does not count. */
  readonly list: (walk: Walk, rows: readonly ProofRow[]) => boolean[];
  readonly unionSize: (walk: Walk) => number;
  /**
   * Empties the union, for a list that has changed while nobody read. Rows that have left it would keep the union from ever
   * being as large as the list, or make up for rows that no reading has listed; to forget too much costs a reading.
   */
  readonly forget: (walk: Walk) => void;
  /** Leaves in the union what the present reading has listed: the list is not the one that the readings before it saw. */
  readonly forgetOlderReadings: (walk: Walk) => void;
  readonly digest: (walk: Walk, api: number, ranges: readonly TimeRange[]) => Digest;
};

const MOST_UNLISTED = 1_000;

export function createProof(database: Db): Proof {
  const enter = database.prepare(
    `insert into walk_row (walk, row, occurrence, reading) values (?, ?, ?, ?)
     on conflict (walk, row, occurrence) do update set reading = excluded.reading where reading <> excluded.reading`,
  );
  const union = database.prepare<[number], number>('select count(*) from walk_row where walk = ?').pluck();
  const forget = database.prepare('delete from walk_row where walk = ?');
  const known = database.prepare<[number, number, number, number], Known>(
    `select task.id, task.posted_at, task.done_at, task.changed_call, walk_row.reading
     from task left join walk_row on walk_row.walk = +? and walk_row.row = task.n
     where task.api = +? and task.posted_at >= +? and task.posted_at < +?`,
  );
  const forgetOlder = database.prepare('delete from walk_row where walk = ? and reading <> ?');
  return {
    list: (walk, rows) => {
      const { reading, pages, link } = walk.reading;
      const occurrences = occurrencesOf(rows);
      const repeated = rows.map(
        (row, index) => enter.run(walk.id, row.number, occurrences[index], reading).changes === 0,
      );
      const beginsWithLink = pages > 0 && rows[0]?.key === link;
      return beginsWithLink ? repeated.with(0, false) : repeated;
    },
    unionSize: (walk) => union.get(walk.id) ?? 0,
    forget: (walk) => {
      forget.run(walk.id);
    },
    forgetOlderReadings: (walk) => {
      forgetOlder.run(walk.id, walk.reading.reading);
    },
    digest: (walk, api, ranges) => {
      const { since, until } = walk.range;
      return digest(known.iterate(walk.id, api, toSeconds(since), toSeconds(until)), walk, ranges);
    },
  };
}

/**
 * Rows without id that look alike are counted within their page: one page lists none twice. Over several pages nobody can tell
 * a second one from the same one again, and a union that counted it twice could reach the length while a task is missing.
 */
function occurrencesOf(rows: readonly ProofRow[]): number[] {
  const seen = new Map<number, number>();
  return rows.map(({ number, nameless }) => {
    const occurrence = nameless ? (seen.get(number) ?? 0) + 1 : 1;
    seen.set(number, occurrence);
    return occurrence;
  });
}

type Known = {
  readonly id: string;
  readonly posted_at: number;
  readonly done_at: number | null;
  readonly changed_call: number;
  readonly reading: number | null;
};

function digest(known: Iterable<Known>, walk: Walk, ranges: readonly TimeRange[]): Digest {
  const unlisted: string[] = [];
  const listed: string[] = [];
  for (const task of known) {
    if (task.reading !== null) {
      listed.push(task.id);
    } else if (unlisted.length < MOST_UNLISTED && wasThere(task, walk, ranges)) {
      unlisted.push(task.id);
    }
  }
  return { ...digestOf(listed), unlisted };
}

/** Posted and done inside: whichever of the two the server filters by, it should have been listed. */
function wasThere(task: Known, walk: Walk, ranges: readonly TimeRange[]): boolean {
  const inside = (at: number | null) =>
    at !== null && ranges.some((range) => at >= toSeconds(range.since) && at < toSeconds(range.until));
  return task.changed_call < (walk.firstCall ?? 0) && inside(task.posted_at) && inside(task.done_at);
}
