import { describe, expect, it } from 'vitest';
import { csvEncoder, ndjsonEncoder, type Encoder } from '../src/cli/export/encoders.ts';
import { parquetEncoder } from '../src/cli/export/parquet-encoder.ts';
import { NO_FILTER } from '../src/domain/report.ts';
import type { App } from '../src/cli/app-port.ts';
import type { Sink } from '../src/cli/export/sink.ts';
import type { SimulatorPatch } from '../src/simulator/options.ts';
import { openBench } from './support/bench.ts';
import { startRewriter } from './support/proxy.ts';
import { expectSameAsTruth } from './support/truth.ts';

const HOUR_MS = 3_600_000;

/** Whatever the documentation leaves open, a backfill ends with every task, or with a doubt that names what is not proven. */
const HOSTILE: readonly { name: string; patch: SimulatorPatch }[] = [
  { name: 'sorts by completion and filters by posting', patch: { listing: { sort: 'done' } } },
  { name: 'sorts by posting and filters by completion', patch: { listing: { filter: 'done' } } },
  { name: 'sorts and filters by completion', patch: { listing: { filter: 'done', sort: 'done' } } },
  { name: 'sorts by completion, shuffles equal seconds', patch: { listing: { sort: 'done', ties: 'reshuffled' } } },
  { name: 'has an exclusive lower bound', patch: { listing: { fromBound: 'exclusive' } } },
  { name: 'has an exclusive upper bound', patch: { listing: { toBound: 'exclusive' } } },
  { name: 'has two exclusive bounds', patch: { listing: { fromBound: 'exclusive', toBound: 'exclusive' } } },
  { name: 'has null fields and unknown ones', patch: { rows: { nullFieldShare: 0.05, unknownFieldsShare: 0.2 } } },
  { name: 'writes statuses and urls in every form', patch: { rows: { status: 'mixed', url: 'mixed' } } },
  { name: 'sends metadata as a list', patch: { metadata: { form: 'list' } } },
  { name: 'sends text in any script', patch: { metadata: { script: 'mixed' } } },
  { name: 'sends metadata of 20 KB', patch: { tasks: 2_000, metadata: { bytes: 20_000 } } },
  {
    name: 'sends metadata of 5 MB now and then',
    patch: { tasks: 1_500, metadata: { largeShare: 0.002, largeBytes: 5_000_000 } },
  },
  {
    name: 'sends neither Date nor echo nor time',
    patch: { answers: { dateHeader: false, echo: false, time: 'absent' } },
  },
  { name: 'lies about its execution time', patch: { answers: { time: 'lie' } } },
  { name: 'answers null for an empty list', patch: { answers: { emptyResult: 'null' } } },
  {
    name: 'crowds 6,000 tasks into a second and shuffles them',
    patch: { tasks: 7_000, arrivals: 'crowded_second', crowdTasks: 6_000, listing: { ties: 'reshuffled' } },
  },
];

describe('a server that', () => {
  it.each(HOSTILE)('$name is read to the last task', { timeout: 180_000 }, async ({ patch }) => {
    const bench = await openBench({
      tasks: 3_000,
      newestAgoMs: HOUR_MS,
      finishing: { share: 0.1, maxMs: 600_000 },
      ...patch,
    });
    const result = await bench.backfill();
    expect(result.complete).toBe(true);
    expectSameAsTruth(bench, { until: Date.now() });
    expect(bench.rows('select kind, detail from doubts')).toEqual([]);
    expect(bench.app().status().coverage['backlinks']).toMatchObject({ complete: true, losses: [] });
    // Tasks that take minutes to finish lie on both sides of a bound sooner or later: then it shows which time counts.
    const filter = patch.listing?.filter ?? 'posted';
    for (const fact of bench.rows('select value from fact')) expect(fact).toEqual({ value: filter });
  });
});

describe('metadata of 20,000 levels', () => {
  const signal = new AbortController().signal;

  it.each([
    ['lists', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['objects', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
  ])('of %s is kept to the letter, and everything can be done with it', { timeout: 60_000 }, async (_name, deep) => {
    const bench = await openBench({ tasks: 300, spanDays: 1, newestAgoMs: HOUR_MS });
    // A few tasks of each page, and the same ones whatever the page.
    const url = await startRewriter(bench.simulator.url, (body) =>
      body.replace(/("target":"site-\d*7\.example\.com".*?"include_subdomains":)true/g, `$1${deep}`),
    );
    const settings = { DATAFORSEO_URL: url };
    const app = bench.app(settings);
    expect(await app.backfill(() => undefined, signal)).toMatchObject({ complete: true, newTasks: 300 });
    expect(bench.rows('select * from doubts')).toEqual([]);
    const held = bench.rows('select id, metadata from tasks where instr(metadata, ?) > 0', deep);
    expect(held.length).toBeGreaterThan(10);
    const verified = await app.verify({ reread: 1, onProgress: () => undefined }, signal);
    expect(verified.problems).toEqual([]);
    expect(app.explain({ kind: 'task', id: String(held[0]?.['id']) })).toMatchObject({ kind: 'task' });
    for (const lines of [await exported(app, csvEncoder), await exported(app, (sink) => ndjsonEncoder(sink))])
      expect(lines.split('\n').filter((line) => line.replaceAll('""', '"').includes(deep))).toHaveLength(held.length);
    expect(await exported(app, (sink) => parquetEncoder(sink, 'test'))).toMatch(/^PAR1/);
    await app.report(
      { question: { kind: 'duplicates', filter: NO_FILTER, by: [], mostGroups: 5 }, use: () => Promise.resolve() },
      signal,
    );
  });
});

describe('pages that are longer than there is memory for', () => {
  it('are halved down to a few rows, also where no page is shorter', { timeout: 60_000 }, async () => {
    const bench = await openBench({
      tasks: 150,
      spanDays: 1,
      newestAgoMs: HOUR_MS,
      metadata: { bytes: 20_000 },
      rate: { periodMs: 20 },
    });
    const result = await bench.app({}, undefined, 300_000).backfill(() => undefined, new AbortController().signal);
    expect(result).toMatchObject({ complete: true, newTasks: 150, left: [] });
    expect(bench.rows('select * from doubts')).toEqual([]);
    const [{ most } = {}] = bench.rows('select max(rows) as most from calls where code = 20000');
    expect(Number(most)).toBeLessThan(15);
  });
});

describe('which time the server filters by', () => {
  it.each(['posted', 'done'] as const)('is learned from the rows: %s', async (filter) => {
    const bench = await openBench({
      tasks: 8_000,
      newestAgoMs: HOUR_MS,
      finishing: { share: 0.5, maxMs: 6 * HOUR_MS },
      listing: { filter },
    });
    await bench.backfill();
    expect(bench.rows('select name, value from fact')).toEqual([{ name: 'filter', value: filter }]);
    expect(bench.rows('select * from doubts')).toEqual([]);
  });
});

describe('rows that come and go in the middle of a walk', () => {
  it('never leave a task that is listed throughout out of the ledger', { timeout: 180_000 }, async () => {
    const bench = await openBench({
      tasks: 5_000,
      newestAgoMs: HOUR_MS,
      listing: { flickerTasks: 40, flickerEveryCalls: 1 },
    });
    const result = await bench.backfill();
    bench.simulator.set({ listing: { flickerTasks: 0 } });
    const held = new Set(bench.rows('select id from tasks').map((row) => row['id']));
    const missing = [...bench.simulator.tasks('backlinks')].filter((task) => !held.has(task.id));
    // Only what the server hid while it was asked may lack; and then the walk was no plain one.
    expect(missing.length).toBeLessThanOrEqual(40);
    expect(result.complete).toBe(true);
  });

  it('an OK that lists fewer tasks than are known is a doubt for each, and nothing is deleted', async () => {
    // A day of tasks, so that the two are in the tail's hour.
    const bench = await openBench({ tasks: 3_000, spanDays: 1, newestAgoMs: 60_000, finishing: { share: 0 } });
    await bench.backfill({ LEDGER_SETTLE: '1s' });
    const before = bench.rows('select count(*) as n from tasks');
    const covered = bench.rows('select max(until) as until from coverage');
    expect(covered).toHaveLength(1);
    bench.simulator.set({ listing: { hidden: [2_990, 2_991] } });
    // The newest hour is read again by the tail of the daemon.
    const stop = new AbortController();
    const done = bench.app({ LEDGER_TAIL_CRON: '* * * * * *' }).run(stop.signal);
    await new Promise<void>((resolve) => {
      let calls = 0;
      bench.onCall(() => {
        calls += 1;
        if (calls > 3) resolve();
      });
    });
    stop.abort(new Error('enough'));
    await done;
    expect(bench.rows('select count(*) as n from tasks')).toEqual(before);
    const doubted = bench.rows(`select task_id as id from doubts where kind = 'unlisted' order by id`);
    const hidden = [...bench.simulator.tasks('backlinks')].slice(2_990, 2_992).map(({ id }) => ({ id }));
    expect(doubted).toEqual(hidden.toSorted((one, other) => (one.id < other.id ? -1 : 1)));
  });
});

/** As latin1 where it is no text. */
async function exported(app: App, encoderOf: (sink: Sink) => Encoder | Promise<Encoder>): Promise<string> {
  let text = '';
  const sink = {
    write: (bytes: Uint8Array | string) => {
      text += typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1');
      return Promise.resolve();
    },
    commit: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
  await app.export({
    range: { since: null, until: null },
    use: async ({ pages }) => {
      const encoder = await encoderOf(sink);
      for (const rows of pages) await encoder.add(rows);
      await encoder.end();
    },
  });
  return text;
}
