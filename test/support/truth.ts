import { expect } from 'vitest';
import type { Bench } from './bench.ts';

export type Compared = {
  readonly api?: string;
  /** Tasks posted before this need not be there; epoch ms. */
  readonly since?: number;
  /** Tasks posted from here on need not be there; epoch ms. */
  readonly until: number;
};

/** Every task that the server lists is in the view `tasks`, field by field, and no other. */
export function expectSameAsTruth(bench: Bench, { api = 'backlinks', since = 0, until }: Compared): number {
  const listed = bench.simulator
    .rows(api, { fromAt: since, toAt: until - 1000 })
    .filter((row) => typeof row['id'] === 'string')
    .map(asInView);
  const held = bench.rows(
    `select id, url, datetime_posted, datetime_done, status, cost_micros, metadata, metadata_state from tasks
     where api = ? and posted_at >= ? and posted_at < ? order by id`,
    api, Math.floor(since / 1000), Math.floor(until / 1000),
  ); // prettier-ignore
  const monthEdge = bench.rows(`select min(since) as since from coverage where grade = 'metadata'`)[0]?.['since'];
  const withMetadata = held.map((row) => ({ ...row, metadata: parse(row['metadata']) }));
  const expected = listed.map((row) =>
    row.postedAt / 1000 >= Number(monthEdge) ? row : { ...row, metadata: null, metadata_state: 'lost' },
  );
  expected.sort((a, b) => (a.id < b.id ? -1 : 1));
  expect(held.length).toBe(expected.length);
  expect(withMetadata).toEqual(expected.map(({ postedAt: _, ...row }) => row));
  return held.length;
}

function asInView(row: Readonly<Record<string, unknown>>) {
  const text = (key: string) => (row[key] == null ? null : String(row[key]));
  const metadata = row['metadata'] ?? null;
  return {
    postedAt: Date.parse(String(row['datetime_posted'])),
    id: String(row['id']),
    url: text('url'),
    datetime_posted: String(row['datetime_posted']),
    datetime_done: text('datetime_done'),
    status: text('status'),
    cost_micros: row['cost'] == null ? null : Math.round(Number(row['cost']) * 1e6),
    metadata,
    metadata_state: metadata === null ? 'none' : 'held',
  };
}

function parse(text: unknown): unknown {
  return typeof text === 'string' ? JSON.parse(text) : null;
}
