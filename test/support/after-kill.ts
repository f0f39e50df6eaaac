import { expect } from 'vitest';
import type { Bench } from './bench.ts';
import { expectSameAsTruth } from './truth.ts';

/** What an undisturbed run leaves, to compare with. */
export type Undisturbed = { readonly calls: number; readonly tasks: readonly Record<string, unknown>[] };

export async function undisturbedRun(bench: Bench): Promise<Undisturbed> {
  const { complete, calls } = await bench.backfill();
  expect(complete).toBe(true);
  return { calls, tasks: tasksOf(bench) };
}

export function tasksOf(bench: Bench): Record<string, unknown>[] {
  return bench.rows(
    `select id, api, endpoint, url, posted_at, done_at, status, state, cost_micros, tag, target, metadata, metadata_state, extra
     from tasks order by id`,
  );
}

/** Walks in flight at the most: as many pages may be lost by a kill. */
const LANES = 4;

/** Runs to the end in this process and holds what the ledger then says against the server, against itself and against an undisturbed run. */
export async function expectRecovered(bench: Bench, undisturbed: Undisturbed, kills = 1): Promise<void> {
  const { left } = await bench.backfill();
  for (const words of left) expect(words).toContain(LEAVES);
  expectSound(bench);
  const { problems } = await bench
    .app()
    .verify({ reread: 0, onProgress: () => undefined }, new AbortController().signal);
  expect(problems).toEqual([]);
  expect(tasksOf(bench)).toEqual(undisturbed.tasks);
  for (const api of bench.simulator.options.apis) {
    expectSameAsTruth(bench, { api, until: Date.now() });
    const { gaps = [], losses = [] } = bench.app().status().coverage[api] ?? {};
    expect(secondsOf([...gaps.filter((gap) => Date.parse(gap.until) < Date.now() - 60_000), ...losses])).toBeLessThan(
      60,
    );
  }
  const lost = bench.rows(`select id from calls where code = 'lost'`).length;
  expect(lost).toBeLessThanOrEqual(LANES * kills);
  expect(bench.simulator.stats().throttled).toBe(0);
}

/** The few seconds by which the window moves on while a process is killed and started again; no task was posted in them. */
const LEAVES = 'leaves the window before it can be read';

function secondsOf(stretches: readonly { readonly since: string; readonly until: string }[]): number {
  return stretches.reduce((sum, { since, until }) => sum + (Date.parse(until) - Date.parse(since)) / 1000, 0);
}

/** Whatever happened to it, a ledger never contradicts itself, and the server never saw more calls than it allows. */
export function expectSound(bench: Bench): void {
  const { maxInAnyPeriod } = bench.simulator.stats();
  expect(maxInAnyPeriod).toBeLessThanOrEqual(bench.simulator.options.rate.calls);
  expect(bench.rows('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(bench.rows('pragma foreign_key_check')).toEqual([]);
  expect(bench.rows(sumsByDay('costs_by_day'))).toEqual(bench.rows(sumsByDay(DAYS_OF_TASKS)));
  expect(bench.rows(sumsByTag('costs_by_tag'))).toEqual(bench.rows(sumsByTag(TAGS_OF_TASKS)));
  expect(bench.rows(TALLY)).toEqual(bench.rows(TALLY_OF_TASKS));
  // What an ended walk had listed is dropped with its end, and no page was answered, saved and read once more.
  expect(
    bench.rows('select walk from walk_row where walk in (select id from walk where finished_at is not null)'),
  ).toEqual([]);
  expect(bench.rows(READ_TWICE)).toEqual([]);
}

const sumsByDay = (from: string) =>
  `select api, endpoint, day, state, tasks, cost_micros from ${from} order by 1, 2, 3, 4`;
const sumsByTag = (from: string) =>
  `select api, tag, metadata_state, day, tasks, cost_micros from ${from} order by 1, 2, 3, 4`;
const DAYS_OF_TASKS = `(select api, endpoint, date(posted_at, 'unixepoch') as day, state, count(*) as tasks,
  sum(ifnull(cost_micros, 0)) as cost_micros from tasks group by 1, 2, 3, 4)`;
const TAGS_OF_TASKS = `(select api, tag, metadata_state, date(posted_at, 'unixepoch') as day, count(*) as tasks,
  sum(ifnull(cost_micros, 0)) as cost_micros from tasks group by 1, 2, 3, 4)`;
const TALLY = 'select api, state, metadata_state, tasks from tally where tasks <> 0 order by 1, 2, 3';
const TALLY_OF_TASKS =
  'select api, state, metadata_state, count(*) as tasks from task group by 1, 2, 3 order by 1, 2, 3';
/** Of walks that needed one reading only: another reading asks for the same offsets again, rightly. */
const READ_TWICE = `select walk, row_offset, count(*) as times from call
  where rows is not null and walk in (select id from walk where reading = 1 and flaws = '[]')
  group by walk, row_offset having count(*) > 1`;
