import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CheckName, VerifyProgress, VerifyReport } from '../../src/domain/verification.ts';
import type { SimulatorPatch } from '../../src/simulator/options.ts';
import { openBench, type Bench } from '../support/bench.ts';
import { MAIN } from '../support/process.ts';

const HOUR_MS = 3_600_000;

function verify(
  bench: Bench,
  reread = 0,
  signal = new AbortController().signal,
  onProgress: (progress: VerifyProgress) => void = () => undefined,
): Promise<VerifyReport> {
  return bench.app().verify({ reread, onProgress }, signal);
}

/** Writes with SQL, as nobody should. */
function tamper(bench: Bench, sql: string): void {
  const database = new Database(bench.path);
  try {
    database.pragma('foreign_keys = off');
    database.exec(sql);
  } finally {
    database.close();
  }
}

let harvested: Buffer | null = null;

/** A ledger of 2,000 tasks, a third of them refunded since: made once, by a real backfill and a real second reading. */
async function openHarvested(): Promise<Bench> {
  if (harvested === null) {
    const bench = await openBench({ tasks: 2_000, newestAgoMs: HOUR_MS, rows: { status: 'mixed' } });
    await bench.backfill();
    bench.simulator.set({ outcomes: { refundShare: 0.3, refundAfterMs: 0 } });
    await verify(bench, 10);
    harvested = readFileSync(bench.path);
  }
  const bench = await openBench({ tasks: 0 });
  writeFileSync(bench.path, harvested);
  return bench;
}

const SOME_TASK = '(select n from task order by posted_at limit 1 offset 1000)';
/** At the edge of the window stand short ones, which may have left it by the time that a test looks at them. */
const LONGEST = `(select since from segment order by until - since desc limit 1)`;
const IDS_WALK = `(select walk from segment where grade = 'ids' order by since limit 1)`;

/** What is done to the file, which check names it, and in which words. */
const TAMPERINGS: readonly (readonly [string, string, CheckName, RegExp])[] = [
  ['a task removed', `delete from task where n = (select max(n) from task where n not in (select task from task_change))`, 'evidence', /Walk \d+ \(backlinks .*\) listed [\d,]+ tasks; at least 1 of them is no longer/],
  ['a task under another id', `update task set id = 'forged' where n = ${SOME_TASK}`, 'evidence', /with the digest \w{32}; those in the ledger make another one/],
  ['a task moved to another time', `update task set posted_at = 0 where n = ${SOME_TASK}`, 'evidence', /no longer/],
  ['a cost altered', `update task set cost_micros = 1 where n = ${SOME_TASK}`, 'sums', /The sum of costs by day of .* is kept as \d+ tasks? for .* dollars, the tasks make/],
  ['a tag altered', `update task set tag = 'nobody' where n = (select min(n) from task where metadata_state = 'held')`, 'sums', /costs by tag of .* tag "nobody", .* is kept as 0 tasks/],
  ['a tag that the metadata does not bear', `update task set tag = 'nobody' where n = (select min(n) from task where metadata_state = 'held')`, 'tasks', /^Task \S+ has the tag "nobody", its metadata says (null|"\S+")\.$/m],
  ['a target taken away', `update task set target = null where n = (select min(n) from task where target is not null)`, 'tasks', /has the target null, its metadata says "\S+"/],
  ['metadata that is no JSON', `update task set metadata = '{' where n = (select min(n) from task where metadata_state = 'held')`, 'tasks', /has metadata that is no JSON/],
  ['a likeness altered', `update likeness set digest = 1 where task = (select min(task) from likeness)`, 'sums', /^Task \S+ is kept as like others than those with its endpoint and parameters\.$/m],
  ['a likeness removed', `delete from likeness where task = (select min(task) from likeness)`, 'sums', /is kept as like others/],
  ['a state altered', `update task set state = 'partial' where n = (select min(n) from task where state = 'finished')`, 'tasks', /is partial, though its status is/],
  ['metadata cleared', `update task set metadata = null where n = (select min(n) from task where metadata_state = 'held')`, 'tasks', /should have its metadata, and has none/],
  ['metadata disowned', `update task set metadata_state = 'none' where n = (select min(n) from task where metadata_state = 'held')`, 'tasks', /has metadata, though it counts as none/],
  ['a status that says another code', `update status set code = 40501 where code = 20000`, 'tasks', /The status ".*" has the code 40501/],
  ['a sum by day changed', `update day_cost set cost_micros = cost_micros + 1 where day = (select max(day) from day_cost)`, 'sums', /costs by day of/],
  ['a sum by day of a day without tasks', `insert into day_cost values (1, 1, 1, 'finished', 1, 'held', 5, 5)`, 'sums', /costs by day of 1970-01-02, api 1, endpoint 1, finished, status 1, held, is kept as 5 tasks/],
  ['a sum by tag removed', `delete from tag_cost where day = (select max(day) from tag_cost)`, 'sums', /costs by tag of .* is kept as 0 tasks/],
  ['a sum by target removed', `delete from target_cost where day = (select max(day) from target_cost)`, 'sums', /costs by target of .* is kept as 0 tasks/],
  ['a sum by target of a day without tasks', `insert into target_cost values (1, 1, 'held', x'', 5, 5)`, 'sums', /costs by target of 1970-01-02, api 1, held, no target, is kept as 5 tasks/],
  ['the tally changed', `update tally set tasks = tasks + 1`, 'sums', /The sum of all tasks/],
  ['a change whose end is not what the task has', `update task_change set new = '9.99' where id = (select max(id) from task_change)`, 'changes', /The cost of task .* changed to "9.99" last, but is "0"/],
  ['a change that begins with another value', `insert into task_change (task, seen_at, call, field, old, new) select task, seen_at, call, field, '7', new from task_change limit 1`, 'changes', /changed from "7", but it had been "0"/],
  ['a segment widened', `update segment set until = until + 60 where since = ${LONGEST}`, 'coverage', /its walk \d+ read only/],
  ['a segment over another', `update segment set until = until + 60 where since = (select min(since) from segment)`, 'coverage', /is covered twice: the segment before it ends at/],
  ['a segment of a walk that proved nothing', `update walk set outcome = 'given_up' where id = ${IDS_WALK}`, 'coverage', /its walk \d+ has not proven anything/],
  ['a segment of a walk that does not exist', `update segment set walk = 999 where since = (select min(since) from segment)`, 'coverage', /its walk 999 does not exist/],
  ['a segment that claims metadata', `update segment set grade = 'metadata' where grade = 'ids'`, 'coverage', /claims metadata, but no walk has read it with metadata/],
  ['a segment that disclaims metadata', `update segment set grade = 'ids' where until = (select max(until) from segment)`, 'coverage', /counts as ids only, though its walk \d+ read it with metadata/],
  ['a segment that settled before it ended', `update segment set settled_at = since where settled_at is not null`, 'coverage', /claims to have settled at/],
  ['a segment read before it was past', `update walk set first_page_at = since where id = ${IDS_WALK}`, 'coverage', /was not past when its walk \d+ began/],
  ['seconds that could not be proven', `update walk set doubtful = '[[' || (until - 65) || ',' || (until - 64) || ']]' where id = (select walk from segment where since = ${LONGEST})`, 'coverage', /contains seconds that its walk \d+ could not prove/],
  ['rows of a walk that has ended', `insert into walk_row values (1, 1, 1, 1)`, 'coverage', /Walk 1 is not open, and 1 row that it listed should not be kept any more/],
  ['a reading planned where nothing is covered', `update recheck set since = since - 99999999 where since = (select min(since) from recheck)`, 'coverage', /The next reading of .* is planned though it is not covered/],
  ['a reading planned twice', `insert into recheck select api, since + 60, until, due_at, walk from recheck order by since limit 1`, 'coverage', /The next reading of .* is planned twice/],
  ['a reading planned by a walk elsewhere', `update recheck set walk = 1`, 'coverage', /is planned by walk 1, which did not prove it/],
  ['a reading planned for the past', `update recheck set due_at = until + 1`, 'coverage', /is planned for a time before the reading that asked for it/],
  ['a segment removed', `delete from segment where since = ${LONGEST}`, 'gaps', /Neither covered nor lost nor shown as a gap is the ids of backlinks/],
  ['a gap invented', `insert into gap select api, since + 10, since + 20, grade, 0, (select max(finished_at) from walk) + 1 from segment order by since limit 1`, 'gaps', /Shown as a gap, though covered or lost, is the ids of backlinks/],
  ['a loss invented', `insert into loss (api, since, until, grade, lost_at, reason) select api, since, since + 60, grade, unixepoch() + 99999, 'x' from segment order by since limit 1`, 'losses', /On record as lost at .* had been read by then/],
  ['a loss of what is not past', `insert into loss (api, since, until, grade, lost_at, reason) values (1, unixepoch(), unixepoch() + 9, 'ids', unixepoch(), 'left the window before it was read')`, 'losses', /but only what is before .* can be lost/],
  ['a call removed', `delete from call where id = (select first_call from walk where id = ${IDS_WALK})`, 'journal', /Walk \d+ .* claims \d+ pages, the journal has \d+/],
  ['a call that asked elsewhere', `update call set row_offset = row_offset + 1 where id = (select last_call from walk where id = ${IDS_WALK})`, 'journal', /jumps: call \d+ asked from row \d+ on/],
  ['a call that brought other rows', `update call set rows = rows - 1 where id = (select last_call from walk where id = ${IDS_WALK})`, 'journal', /claims \d+ rows of its last reading, its calls brought \d+/],
  ['a full page as the end', `update call set row_limit = rows where id = (select last_call from walk where id = ${IDS_WALK})`, 'journal', /ends with a full page/],
  ['a call of another slice', `update call set since = since + 1 where id = 1`, 'journal', /Call 1 asked for something else than its walk/],
  ['a call of no walk', `update call set walk = 999 where id = 1`, 'journal', /Call 1 belongs to walk 999, which does not exist/],
  ['a length that rows do not make', `update walk set length = length + 1 where id = ${IDS_WALK}`, 'journal', /claims a length of \d+, which/],
  ['a digest changed', `update walk set digest = iif(digest like 'f%', 'e', 'f') || substr(digest, 2) where id = ${IDS_WALK}`, 'evidence', /with the digest/],
  ['evidence of more rows', `update walk set distinct_rows = distinct_rows + 1 where id = ${IDS_WALK}`, 'evidence', /at least 1 of them/],
  ['a reference to nothing', `update task set url = 999 where n = ${SOME_TASK}`, 'file', /Row \d+ of the table task points to a row of url that does not exist/],
  ['an index dropped', `drop index task_unfinished`, 'file', /The index task_unfinished does not exist/],
  ['a view altered', `drop view losses; create view losses as select 1 as api`, 'file', /The view losses is not what the migrations make/],
]; // prettier-ignore

describe('verify', () => {
  it('finds a harvested ledger sound, and says what it looked at', async () => {
    const report = await verify(await openHarvested());
    expect(report).toMatchObject({ ok: true, problems: [], moreProblems: 0, notes: [], reread: null });
    const { tasks, changes, segments, walks, calls, digests, sums } = report.verified;
    expect(tasks).toBe(2_000);
    expect(Math.min(changes - 300, segments, walks - 3, calls - walks, digests - 1, sums - 300)).toBeGreaterThan(0);
  });

  it.each(TAMPERINGS)('names %s', async (_what, sql, check, text) => {
    const bench = await openHarvested();
    tamper(bench, sql);
    const report = await verify(bench);
    expect(report.ok).toBe(false);
    expect(
      report.problems
        .filter((problem) => problem.check === check)
        .map((problem) => problem.text)
        .join('\n'),
    ).toMatch(text);
  });

  it('names a page that was overwritten with garbage, and goes on with what can be read', async () => {
    const bench = await openHarvested();
    const root = Number(bench.rows(`select rootpage from sqlite_schema where name = 'task_by_done'`)[0]?.['rootpage']);
    const size = Number(bench.rows('pragma page_size')[0]?.['page_size']);
    overwrite(bench.path, { from: (root - 1) * size, bytes: size });
    const report = await verify(bench);
    expect(report.problems.map(({ text }) => text).join('\n')).toMatch(/The file is damaged: .*/);
    expect(report.verified.calls).toBeGreaterThan(0);
  });

  it('says once more of one kind only so often', async () => {
    const bench = await openHarvested();
    tamper(bench, `update task set metadata = null where metadata_state = 'held'`);
    const { problems, moreProblems } = await verify(bench);
    expect(problems.length).toBeLessThan(50);
    expect(moreProblems).toBeGreaterThan(100);
  });

  it('works beside a process that holds the ledger, and tells of calls without an answer as no problem', async () => {
    const bench = await openBench({ tasks: 300_000, rate: { periodMs: 2_000 } });
    const child = spawn(process.execPath, [MAIN, 'backfill'], { env: { ...bench.env, PATH: '' }, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    await new Promise<void>((resolve) => bench.onCall(() => bench.simulator.stats().calls >= 9 && resolve()));
    expect(await verify(bench)).toMatchObject({ problems: [] });
    child.kill('SIGKILL');
    await once(child, 'close');
    const report = await verify(bench);
    expect(report.problems).toEqual([]);
    expect(report.notes.join('\n')).toMatch(/\d calls? without an answer on record/);
  });

  it('can be interrupted', async () => {
    await expect(verify(await openHarvested(), 0, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });

  /** A ledger of about so many bytes. */
  const openLarge = async (bytes: number) => {
    const bench = await openHarvested();
    tamper(bench, `create table ballast as select zeroblob(${bytes - statSync(bench.path).size}) as stones`);
    return bench;
  };

  it.each([
    [19_000_000, 'at once'],
    [21_000_000, 'in a process of its own, and is free meanwhile'],
  ])('looks through the pages of about %d bytes %s', async (bytes, how) => {
    const bench = await openLarge(bytes);
    let [turns, isLooking] = [0, true];
    const looked = verify(bench, 0, new AbortController().signal, (at) => {
      if (at.kind === 'checking' && at.what !== 'the pages of the file') isLooking = false;
    });
    while (isLooking) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
    expect(await looked).toMatchObject({ ok: true, problems: [] });
    if (how === 'at once') expect(turns).toBeLessThan(10);
    else expect(turns).toBeGreaterThan(50);
  });

  it('ends at once when it is interrupted while another process looks through the pages', async () => {
    const stop = new AbortController();
    const told: VerifyProgress[] = [];
    const looking = verify(await openLarge(30_000_000), 0, stop.signal, (at) => {
      told.push(at);
      setImmediate(() => stop.abort(new Error('enough')));
    });
    await expect(looking).rejects.toThrow('enough');
    expect(told).toEqual([{ kind: 'checking', what: 'the pages of the file', done: 0 }]);
  });

  it('has nothing to verify where there is no ledger, and makes none', async () => {
    const bench = await openBench({ tasks: 10 });
    await expect(verify(bench)).rejects.toMatchObject({ code: 'missing' });
    await expect(verify(bench, 1)).rejects.toMatchObject({ code: 'missing' });
  });
});

const SERVERS: readonly (readonly [string, SimulatorPatch])[] = [
  ['lists by completion', { listing: { filter: 'done', sort: 'done' }, finishing: { share: 0.3 } }],
  ['reshuffles its seconds', { arrivals: 'crowded_second', crowdTasks: 2_000, listing: { ties: 'reshuffled' } }],
  ['has rows that are no tasks', { rows: { withoutIdShare: 0.01, withoutPostedShare: 0.01, nullFieldShare: 0.1 } }],
  ['gives no metadata', { metadata: { form: 'null' } }],
  ['flickers', { listing: { flickerTasks: 3 } }],
  ['has a narrow window', { windows: { metadata: 28, ids: 180 } }],
  ['fails now and then', { faults: [{ when: { every: 3 }, fault: 'http500', times: 6 }] }],
  ['repeats itself', { listing: { sandbox: true } }],
  ['refuses the API', { refusals: { apis: { backlinks: 40204 } } }],
];

describe('a ledger of a server that', () => {
  it.each(SERVERS)('%s passes', async (_what, patch) => {
    const bench = await openBench({ tasks: 3_000, newestAgoMs: 0, tasksPerMinute: 600, ...patch });
    await bench.backfill().catch(() => undefined);
    await bench.backfill().catch(() => undefined);
    expect(await verify(bench)).toMatchObject({ problems: [] });
  });
});

describe('a ledger of a daemon', () => {
  const LIVELY: SimulatorPatch = {
    tasks: 3_000,
    newestAgoMs: 0,
    tasksPerMinute: 3_000,
    late: { share: 0.2, maxMs: 3_000 },
    finishing: { share: 0.4, minMs: 500, maxMs: 4_000 },
    outcomes: { refundShare: 0.2, refundAfterMs: 2_000 },
  };

  it.each(['posted', 'done'] as const)(
    'that reads a lively account by %s time passes at any moment, while it runs and after it',
    { timeout: 180_000 },
    async (filter) => {
      const bench = await openBench(
        { ...LIVELY, listing: { filter } },
        { LEDGER_TAIL_CRON: '* * * * * *', LEDGER_SETTLE: '3s' },
      );
      const stop = new AbortController();
      const running = bench.app().run(stop.signal);
      const verifyAfter = async (calls: number) => {
        await new Promise<void>((resolve) => bench.onCall(() => bench.simulator.stats().calls >= calls && resolve()));
        const { problems, verified } = await verify(bench);
        expect(problems).toEqual([]);
        return Math.min(verified.tasks - 3_000, verified.digests, verified.gaps);
      };
      await verifyAfter(5);
      // Until there was a moment with new tasks, digests and gaps to look at: how soon depends on the machine.
      for (let calls = 9; (await verifyAfter(calls)) <= 0; calls += 1);
      stop.abort();
      await running;
      const { problems, verified } = await verify(bench);
      expect(problems).toEqual([]);
      expect(Math.min(verified.tasks - 3_000, verified.digests)).toBeGreaterThan(0);
    },
  );
});

describe('verify --reread', () => {
  it('brings back a task that was deleted by hand, and a tag and a target that were altered, and the next one finds nothing', async () => {
    const bench = await openBench({ tasks: 3_000, newestAgoMs: HOUR_MS });
    await bench.backfill();
    const newest = `select id, tag, target from tasks where metadata_state = 'held' order by posted_at desc limit 3`;
    const [task, ...others] = bench.rows(newest);
    const altered = others.map(({ id }) => `'${String(id)}'`).join();
    tamper(bench, `update task set tag = 'nobody', target = 'nowhere' where id in (${altered})`);
    tamper(bench, `delete from task where id = '${String(task?.['id'])}'`);
    const report = await verify(bench, 10);
    expect(report.ok).toBe(false);
    expect(report.reread?.slices.flatMap(({ examples }) => examples.new)).toEqual([task?.['id']]);
    expect(report.reread?.slices.flatMap(({ examples }) => examples.changed)).toHaveLength(2);
    expect(bench.rows(newest)).toEqual([task, ...others]);
    expect(bench.rows('select purpose, count(*) as calls from calls group by purpose order by 1')).toContainEqual({
      purpose: 'verify',
      calls: report.reread?.calls,
    });
    expect(report.reread).toMatchObject({ sumsMended: true });
    expect((await verify(bench)).problems).toEqual([]);
    const again = await verify(bench, 10);
    expect(again).toMatchObject({ ok: true, problems: [], reread: { sumsMended: false } });
    expect(again.reread?.slices.length).toBeGreaterThanOrEqual(3);
    expect(bench.simulator.stats().throttled).toBe(0);
  });

  it('tells of changes and of tasks that are no longer listed, which become doubts', async () => {
    const bench = await openBench({ tasks: 2_000, newestAgoMs: HOUR_MS });
    await bench.backfill();
    bench.simulator.set({ listing: { hidden: [1_000] }, outcomes: { refundShare: 0.2, refundAfterMs: 0 } });
    const told: VerifyProgress[] = [];
    const report = await verify(bench, 10, new AbortController().signal, (progress) => void told.push(progress));
    expect(report.ok).toBe(false);
    const slices = report.reread?.slices ?? [];
    const progress = told.filter(({ kind }) => kind === 'rereading');
    expect(progress[0]).toMatchObject({ slices: 0, of: report.reread?.stretches, waiting: null });
    const read = { slices: report.reread?.stretches, calls: report.reread?.calls, rows: expect.any(Number) as number };
    expect(progress.at(-1)).toMatchObject(read);
    expect(slices.reduce((sum, slice) => sum + slice.unlistedTasks, 0)).toBe(1);
    expect(slices.reduce((sum, slice) => sum + slice.changedTasks, 0)).toBe(
      bench.rows('select distinct task_id from task_changes').length,
    );
    expect(bench.rows(`select task_id from doubts where kind = 'unlisted'`)).toEqual(
      slices.flatMap(({ examples }) => examples.unlisted.map((id) => ({ task_id: id }))),
    );
    expect((await verify(bench)).problems).toEqual([]);
  });

  it('says how far it is in the slices that were asked for, also where one of them is read in two parts', async () => {
    const bench = await openBench({ tasks: 500, newestAgoMs: HOUR_MS });
    await bench.backfill();
    const told: VerifyProgress[] = [];
    const wish = { reread: 10, onProgress: (progress: VerifyProgress) => void told.push(progress) };
    // By a slower budget the slice at the beginning of the month reaches out of what can be read in time. It has tokens left for all.
    const slower = bench.app({ LEDGER_RATE_PERIOD: '10m' });
    const { reread } = await slower.verify(wish, new AbortController().signal);
    const counts = told.flatMap((at) => (at.kind === 'rereading' ? [[at.slices, at.of]] : []));
    expect(reread?.slices.length).toBeGreaterThan(reread?.stretches ?? 0);
    expect(counts[0]).toEqual([0, reread?.stretches]);
    expect(counts.at(-1)).toEqual([reread?.stretches, reread?.stretches]);
  });

  it('says what could not be read again, and leaves no walk open', async () => {
    const bench = await openBench({ tasks: 2_000, newestAgoMs: HOUR_MS });
    await bench.backfill();
    bench.simulator.set({ faults: [{ fault: 'http500' }] });
    const report = await verify(bench, 1);
    expect(report.ok).toBe(false);
    expect(report.reread?.stretches).toBe(1);
    expect(report.reread?.slices[0]?.failure).toMatch(/500/);
    expect(bench.rows('select * from walk where finished_at is null')).toEqual([]);
    expect((await verify(bench)).problems).toEqual([]);
  });

  it('is kept out by a process that holds the ledger', async () => {
    const bench = await openBench({ tasks: 300_000, rate: { periodMs: 2_000 } });
    const child = spawn(process.execPath, [MAIN, 'backfill'], { env: { ...bench.env, PATH: '' }, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    await new Promise<void>((resolve) => bench.onCall(resolve));
    await expect(verify(bench, 1)).rejects.toMatchObject({ code: 'held' });
  });

  it('writes nothing into a damaged file', async () => {
    const bench = await openHarvested();
    tamper(bench, 'drop index task_unfinished');
    expect(await verify(bench, 5)).toMatchObject({ ok: false, reread: null });
    expect(bench.simulator.stats().calls).toBe(0);
  });
});

function overwrite(path: string, { from, bytes }: { from: number; bytes: number }): void {
  expect(statSync(path).size).toBeGreaterThan(from + bytes);
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(bytes, 0xa5), 0, bytes, from);
  closeSync(file);
}
