import { expect } from 'vitest';
import type { WireRow } from '../../src/simulator/rows.ts';
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
    .filter((row) => typeof row['id'] === 'string');
  const held = bench.rows(
    `select id, url, datetime_posted, datetime_done, status, cost_micros, metadata, metadata_state from tasks
     where api = ? and posted_at >= ? and posted_at < ? order by id`,
    api, Math.floor(since / 1000), Math.floor(until / 1000),
  ); // prettier-ignore
  const monthEdge = Number(
    bench.rows(`select min(since) as since from coverage where grade = 'metadata'`)[0]?.['since'],
  );
  const expected = listed.map((row) => asInView(row, monthEdge)).sort((a, b) => (a.id < b.id ? -1 : 1));
  expect(held.length).toBe(expected.length);
  expect(held.map((row) => ({ ...row, metadata: parse(row['metadata']) }))).toEqual(expected);
  return held.length;
}

function asInView(row: WireRow, monthEdge: number) {
  const metadata = row['metadata'] ?? null;
  const isLost = Date.parse(String(row['datetime_posted'])) / 1000 < monthEdge;
  return {
    id: String(row['id']),
    url: text(row['url']),
    datetime_posted: text(row['datetime_posted']),
    datetime_done: text(row['datetime_done']),
    status: text(row['status']),
    cost_micros: typeof row['cost'] === 'number' ? Math.round(row['cost'] * 1e6) : null,
    metadata: isLost ? null : metadata,
    metadata_state: isLost ? 'lost' : metadata === null ? 'none' : 'held',
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

function parse(json: unknown): unknown {
  return typeof json === 'string' ? JSON.parse(json) : null;
}
