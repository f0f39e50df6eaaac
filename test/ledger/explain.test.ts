import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { MomentOfApi, TaskStory } from '../../src/domain/explanation.ts';
import { systemClock } from '../../src/time.ts';
import { openBench, type Bench } from '../support/bench.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function tamper(bench: Bench, sql: string): void {
  const database = new Database(bench.path);
  database.exec(sql);
  database.close();
}

function atMoment(bench: Bench, at: number, settings: Record<string, string> = {}): readonly MomentOfApi[] {
  const told = bench.app(settings).explain({ kind: 'moment', at: Math.floor(at / 1000) * 1000 });
  return told.kind === 'moment' ? told.apis : [];
}

function ofTask(bench: Bench, id: unknown): TaskStory | null {
  const told = bench.app().explain({ kind: 'task', id: String(id) });
  return told.kind === 'task' ? told.task : null;
}

/** Stops after so many calls: the rest stays open, one slice half read. */
async function halfRead(): Promise<Bench> {
  const bench = await openBench({ tasks: 60_000, newestAgoMs: HOUR_MS });
  const stop = new AbortController();
  const stopped = bench.app().backfill((progress) => {
    if (progress.calls >= 16) stop.abort(new Error('enough'));
  }, stop.signal);
  await stopped.catch(() => undefined);
  return bench;
}

describe('a moment', () => {
  it('that is covered names the walk, its calls and its evidence', async () => {
    const bench = await openBench({ tasks: 5_000, newestAgoMs: HOUR_MS });
    await bench.backfill();
    const [api] = atMoment(bench, Date.now() - 60 * DAY_MS);
    const [row] = bench.rows(`select * from coverage where grade = 'ids' order by since limit 1`);
    expect(api).toMatchObject({
      api: 'backlinks',
      lack: null,
      covered: { grade: 'ids', rows: row?.['rows'], digest: row?.['digest'] },
    });
    const { calls = [], length = 0 } = api?.covered ?? {};
    expect(calls.length).toBe(row?.['calls']);
    expect(calls.map((call) => call.offset)).toEqual(calls.map((_, index) => index * 999));
    expect(calls.reduce((sum, call) => sum + (call.rows ?? 0), 0)).toBe(length + calls.length - 1);
    expect(atMoment(bench, Date.now() - DAY_MS)[0]).toMatchObject({
      covered: { grade: 'metadata', settledAt: expect.any(String) as string },
    });
    expect(atMoment(bench, Date.now() - 10 * 60_000)[0]).toMatchObject({ lack: null, covered: { settledAt: null } });
  });

  it('that nobody can have read yet says so', async () => {
    const bench = await openBench({ tasks: 100, newestAgoMs: HOUR_MS });
    await bench.backfill();
    expect(atMoment(bench, Date.now() + HOUR_MS)[0]).toMatchObject({ covered: null, lack: { kind: 'future' } });
    expect(atMoment(bench, Date.now() - 10_000, { LEDGER_LAG: '1h' })[0]?.lack ?? null).toBeNull();
    tamper(bench, 'delete from segment where until = (select max(until) from segment)');
    const [young] = atMoment(bench, Date.now() - 10_000, { LEDGER_LAG: '1h' });
    expect(young).toMatchObject({ covered: null, lack: { kind: 'too_young' } });
  });

  it('before the window that this ledger was born with is neither gap nor loss', async () => {
    const bench = await openBench({ tasks: 100 });
    await bench.backfill();
    const [api] = atMoment(bench, Date.now() - 300 * DAY_MS);
    const [{ since }] = bench.rows('select min(since) as since from coverage') as [{ since: number }];
    expect(api).toEqual({ api: 'backlinks', covered: null, lack: { kind: 'before_origin', origin: iso(since) } });
  });

  it('in a gap says when its turn comes and when it expires', async () => {
    const bench = await halfRead();
    tamper(bench, `update walk set outcome = 'dropped', finished_at = started_at where finished_at is null`);
    const [gap] = bench.rows('select since, until - since as length from gaps order by length desc limit 1');
    const inGap = (share: number) => (Number(gap?.['since']) + Math.floor(Number(gap?.['length']) * share)) * 1000;
    // Both at one time: what expires is told to the second.
    const now = Date.now();
    const app = bench.app({}, { ...systemClock(), now: () => now });
    const lackAt = (at: number) => {
      const told = app.explain({ kind: 'moment', at });
      return told.kind === 'moment' ? told.apis[0]?.lack : null;
    };
    const sooner = lackAt(inGap(0.5));
    const later = lackAt(inGap(0.9));
    if (sooner?.kind !== 'gap' || later?.kind !== 'gap') throw new Error(`no gaps: ${JSON.stringify([sooner, later])}`);
    expect(later.callsBefore).toBeGreaterThan(sooner.callsBefore);
    expect(Date.parse(later.expiresAt) - Date.parse(sooner.expiresAt)).toBe(inGap(0.9) - inGap(0.5));
    expect(later.etaSeconds).toBe(Math.ceil(later.callsBefore / 100));
  });

  it('in a slice that is being read names its walk', async () => {
    const bench = await halfRead();
    const [open] = bench.rows('select id, until from walk where finished_at is null order by until desc limit 1');
    const [api] = atMoment(bench, (Number(open?.['until']) - 1) * 1000);
    expect(api).toMatchObject({ covered: null, lack: { kind: 'being_read', walk: open?.['id'], failure: null } });
  });

  it('that was lost says why, also where only its metadata was', async () => {
    const bench = await openBench({ tasks: 2_000, newestAgoMs: HOUR_MS, metadata: { form: 'null' } });
    await bench.backfill();
    const [api] = atMoment(bench, Date.now() - 10 * DAY_MS);
    expect(api).toMatchObject({
      covered: { grade: 'ids' },
      lack: { kind: 'lost', grade: 'metadata', reason: expect.stringContaining('without metadata') as string },
    });
    tamper(
      bench,
      `insert into loss (api, since, until, grade, lost_at, reason) select api, since, until, 'ids', 1, 'asleep' from segment order by since limit 1; delete from segment where since = (select min(since) from segment)`,
    );
    const [{ since }] = bench.rows('select min(since) as since from losses') as [{ since: number }];
    expect(atMoment(bench, since * 1000)[0]).toMatchObject({
      covered: null,
      lack: { kind: 'lost', grade: 'ids', reason: 'asleep' },
    });
  });

  it('is told for each API, also for one that was never read', async () => {
    const bench = await openBench({ tasks: 100 });
    await bench.backfill();
    const told = atMoment(bench, Date.now() - DAY_MS, { LEDGER_APIS: 'serp' });
    expect(told).toMatchObject([
      { api: 'serp', covered: null, lack: { kind: 'never_read' } },
      { api: 'backlinks', covered: { grade: 'metadata' }, lack: null },
    ]);
  });

  it('that has left the window unread since the last start is not called a gap', async () => {
    const bench = await halfRead();
    const later = { ...systemClock(), now: () => Date.now() + 200 * DAY_MS };
    const told = bench
      .app({}, later)
      .explain({ kind: 'moment', at: Math.floor(Date.now() / 1000) * 1000 - 100 * DAY_MS });
    expect(told).toMatchObject({
      apis: [{ covered: null, lack: { kind: expect.stringMatching(/^(left|being_read)$/) as string } }],
    });
  });
});

describe('a task', () => {
  it('is told with the call that listed it first, what covers it now, its changes and its doubts', async () => {
    const bench = await openBench({ tasks: 3_000, newestAgoMs: HOUR_MS });
    await bench.backfill();
    const [task] = bench.rows(
      `select id, posted_at from tasks where metadata_state = 'held' and cost > 0 and state = 'finished' order by posted_at limit 1 offset 100`,
    );
    const before = ofTask(bench, task?.['id']);
    expect(before).toMatchObject({
      changedAt: null,
      changes: [],
      doubts: [],
      metadataState: 'held',
      posted: { covered: { walk: before?.firstListed?.walk } },
    });
    const [call] = bench.rows(
      'select sent_at, row_offset, rows from calls where id = ?',
      before?.firstListed?.calls[0]?.id,
    );
    expect(call).toMatchObject({ row_offset: before?.firstListed?.calls[0]?.offset });
    bench.simulator.set({ outcomes: { refundShare: 1, refundAfterMs: 0 } });
    await bench.app().verify({ reread: 10, onProgress: () => undefined }, new AbortController().signal);
    tamper(
      bench,
      `insert into doubt (api, kind, task_id, seen_at, detail, fingerprint) values (1, 'moved', '${String(task?.['id'])}', 5, 'elsewhere', 'x')`,
    );
    const after = ofTask(bench, task?.['id']);
    expect(after?.firstListed).toEqual(before?.firstListed);
    expect(after?.posted.covered?.walk).toBeGreaterThan(before?.firstListed?.walk ?? 0);
    expect(after?.changes).toMatchObject([{ field: 'cost', new: '0' }]);
    expect(after?.doubts).toEqual([{ kind: 'moved', seenAt: '1970-01-01T00:00:05Z', detail: 'elsewhere' }]);
  });

  it('that the ledger does not hold is no task', async () => {
    const bench = await openBench({ tasks: 10 });
    await bench.backfill();
    expect(ofTask(bench, 'nobody')).toBeNull();
  });
});

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
