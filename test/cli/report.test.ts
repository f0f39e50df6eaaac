import { describe, expect, it } from 'vitest';
import { createOpenApp } from '../../src/app.ts';
import type { ReconcileRow } from '../../src/domain/report.ts';
import type { ListedTask } from '../../src/domain/task.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import {
  asRow,
  BARE,
  DAY,
  FAILED,
  HOUR,
  ledgerOf,
  listed,
  NOW,
  PENDING,
  readSlice,
  sliceOf,
  withDatabase,
} from '../support/ledger.ts';
import { openBench } from '../support/bench.ts';
import { steppingClock } from '../support/stepping-clock.ts';
import { cli } from './fakes.ts';

const SINCE = NOW - 10 * HOUR;

/** A ledger of these tasks, posted within the hour after SINCE, and the command line on it at the moment NOW. */
function reporting(tasks: readonly ListedTask[]) {
  const temp = ledgerOf(tasks, SINCE, SINCE + HOUR);
  const clock = createFakeClock({ now: NOW });
  const openApp = createOpenApp({ clock, fetch, pid: 1, version: '9.8.7' });
  const report = (...argv: string[]) => cli(['report', ...argv, '--database', temp.path], { openApp, clock, env: {} });
  return { ...temp, report };
}

const rowsOf = (stdout: string) => (JSON.parse(stdout) as { rows: Record<string, unknown>[] }).rows;

describe('report costs', () => {
  it('is a table by day, exact to the micro-dollar, with what it does not know said aloud', async () => {
    const { report } = reporting([
      listed('a', SINCE, { costMicros: 100_001 }),
      listed('b', SINCE + 1000, { costMicros: 200_002 }),
    ]);
    const { code, stdout } = await report('costs');
    expect([code, stdout]).toEqual([
      0,
      `Report costs: posted at any time

day (UTC)   tasks   dollars
2024-05-15      2  0.300003

2 tasks, 0.300003 dollars. Days are UTC.
CAREFUL: the ledger lacks some or all of this time, so there may be more than this. npx dataforseo-ledger report coverage says what.
`,
    ]);
  });

  it('tells no tag from an unknown one', async () => {
    const { report } = reporting([
      listed('a', SINCE, { tag: null, metadata: '{}' }),
      listed('b', SINCE + 1000, BARE),
      listed('c', SINCE + 2000, { tag: '', metadata: '{"tag":""}' }),
    ]);
    const { stdout } = await report('costs', '--by', 'tag');
    expect(stdout).toContain('(no tag)');
    expect(stdout).toContain('(unknown: listed without metadata)');
    const csv = (await report('costs', '--by', 'tag', '--format', 'csv')).stdout.split('\n');
    expect(csv[0]).toBe('tag,metadataState,tasks,cost');
    expect(csv.slice(1).sort()).toEqual(['', '"",held,1,0.020000', ',held,1,0.020000', ',none,1,0.020000']);
  });

  it('has every text as it is in JSON, and no formula in CSV', async () => {
    const tags = ['=1+1', '+1', '-1', '@sum', '\tx', '\rx', 'a"b,c', 'fine'];
    const { report } = reporting(tags.map((tag, at) => listed(`t${at}`, SINCE + at * 1000, { tag })));
    const json = rowsOf((await report('costs', '--by', 'tag', '--format', 'json')).stdout);
    expect(json.map(({ tag }) => tag).sort()).toEqual(tags.toSorted());
    expect(json[0]).toMatchObject({ tasks: 1, cost: '0.020000', costMicros: 20_000 });
    const { stdout } = await report('costs', '--by', 'tag', '--format', 'csv');
    for (const cell of [`'=1+1`, `'+1`, `'-1`, `'@sum`, `'\tx`, `"'\rx"`, `"a""b,c"`, `fine`]) expect(stdout).toContain(`\n${cell},`); // prettier-ignore
  });

  it('lets no text of others move the cursor or turn the writing around', async () => {
    const { report } = reporting([
      listed('a', SINCE, { tag: '\u001b[2J\u202eevil\n\u2028x', target: 'é漢' + 'w'.repeat(200) }),
    ]);
    const { stdout } = await report('costs', '--by', 'tag', '--by', 'target');
    // eslint-disable-next-line no-control-regex -- that is what must not be there
    expect(stdout).not.toMatch(/[\u001b\u202e\u2028]/);
    expect(stdout).toContain('�[2J�evil��x');
    expect(stdout).toContain('…');
    expect(
      Math.max(
        ...stdout
          .split('\n')
          .slice(0, 4)
          .map(({ length }) => length),
      ),
    ).toBeLessThan(120);
  });

  it('narrows by time, also so long ago, tag, endpoint and state', async () => {
    const { report } = reporting([
      listed('a', SINCE, { tag: 'x' }),
      listed('b', SINCE + 1000, { tag: 'y', ...FAILED }),
      listed('c', SINCE + 2000, { url: '/v3/backlinks/anchors/live', endpoint: 'backlinks/anchors/live' }),
    ]);
    const tasks = async (...argv: string[]) => {
      const { stdout } = await report('costs', '--format', 'json', ...argv);
      return (JSON.parse(stdout) as { totals: { tasks: number } }).totals.tasks;
    };
    expect(await tasks('--since', '2024-05-15 02:00:01')).toBe(2);
    expect(await tasks('--since', '10h')).toBe(3);
    expect(await tasks('--until', '10h')).toBe(0);
    expect(await tasks('--until', '2024-05-15T02:00:01Z')).toBe(1);
    expect(await tasks('--tag', 'y')).toBe(1);
    expect(await tasks('--state', 'failed')).toBe(1);
    expect(await tasks('--endpoint', 'https://api.dataforseo.com/v3/backlinks/anchors/live')).toBe(1);
    expect(await tasks('--api', 'serp')).toBe(0);
    const unknown = await report('costs', '--api', 'backlink');
    expect([unknown.code, unknown.stdout]).toEqual([2, '']);
    expect(unknown.stderr).toContain('Allowed choices are serp, keywords_data, ');
  });

  it('says of how many tasks the tag is not known, so that a bill that lacks them does not look like a whole one', async () => {
    const { ledger, report } = reporting([listed('a', SINCE, { costMicros: 5 })]);
    const bare = [listed('b', SINCE + 2 * HOUR, BARE), listed('c', SINCE + 2 * HOUR + 1000, BARE)];
    readSlice(ledger, sliceOf(SINCE + 2 * HOUR, SINCE + 3 * HOUR, { grade: 'ids' }), bare.map(asRow), {
      at: { now: NOW, metadataEdge: NOW },
    });
    const words =
      "CAREFUL: of 2 tasks of this time (0.040000 dollars) the tag is not known; any of them may be this customer's.";
    for (const format of ['table', 'csv', 'json'])
      expect((await report('costs', '--tag', 'customer-7', '--format', format)).stderr).toContain(`${words}\n`);
    const facts = async (...argv: string[]) =>
      (JSON.parse((await report('costs', '--format', 'json', ...argv)).stdout) as Record<string, unknown>)[
        'unknownTag'
      ];
    expect(await facts('--tag', 'customer-7')).toEqual({ tasks: 2, cost: '0.040000', costMicros: 40_000 });
    expect(await facts('--tag', 'customer-7', '--until', '2024-05-15 03:00:00')).toBeNull();
    expect(await facts()).toBeNull();
    expect((await report('costs', '--by', 'tag')).stderr).toBe('');
    const one = await report('failures', '--tag', 'customer-7');
    expect([one.code, one.stderr]).toEqual([0, '']);
    const since = ['--since', '2024-05-15 04:00:01'];
    expect((await report('duplicates', '--tag', 'customer-7', ...since)).stderr).toContain('of 1 task of this time (0.020000 dollars) the tag is not known; it may be'); // prettier-ignore
  });

  it.each([
    [
      ['--tag', 'custmer-7'],
      'no task of this ledger is known to have the tag "custmer-7". The nearest there are: "customer-7", "Customer-8".',
    ],
    [['--tag', 'customer'], 'the tag "customer". The nearest there are: "Customer-8", "customer-7".'],
    [
      ['--tag', 'nobody at all'],
      'the tag "nobody at all". The nearest there are: "�[2Jx", "Customer-8", "customer-7".',
    ],
    [['--endpoint', 'v3/backlinks/sumary/live'], 'has the endpoint "backlinks/sumary/live". The nearest there is: "backlinks/summary/live".'], // prettier-ignore
    [['--api', 'serp'], 'is of the API "serp". It is not among the LEDGER_APIS of this shell (backlinks); a daemon may have others. The nearest there is: "backlinks".'], // prettier-ignore
    [['--api', 'serp', '--apis', 'serp,backlinks'], 'is of the API "serp". The nearest there is: "backlinks".'],
    [['--state', 'partial'], 'is in the state "partial". The nearest there are: "failed", "finished".'],
  ])('says on standard error that no task has what %s asks for, and what comes near', async (argv, words) => {
    const { report } = reporting([
      listed('a', SINCE),
      listed('b', SINCE + 1000, { tag: 'Customer-8', ...FAILED }),
      listed('c', SINCE + 2000, { tag: '\u001b[2Jx' }),
      listed('d', SINCE + 3000, BARE),
    ]);
    for (const format of ['table', 'csv', 'json']) {
      const { code, stdout, stderr } = await report('costs', ...argv, '--format', format);
      expect(code).toBe(0);
      expect(stderr.split('\n').filter((line) => line.includes('no task'))).toEqual([expect.stringContaining(words)]);
      expect(stdout).not.toContain('no task');
    }
    expect((await report('changes', ...argv)).stderr).toContain(words);
  });

  it('says nothing of the kind where a task has it, though none of that time, nor where nothing was narrowed', async () => {
    const { report } = reporting([listed('a', SINCE), listed('b', SINCE + 1000, { tag: '' })]);
    for (const argv of [
      ['--tag', 'customer-7', '--until', '11h'],
      ['--tag', ''],
      ['--endpoint', 'backlinks/summary/live'],
      ['--api', 'backlinks', '--state', 'finished'],
      [],
    ])
      // prettier-ignore
      expect((await report('costs', ...argv)).stderr).toBe('');
  });

  it('says so too of a state that no task is in any more', async () => {
    const { report, ledger } = reporting([listed('a', SINCE, PENDING)]);
    expect((await report('unfinished', '--state', 'pending')).stderr).toBe('');
    readSlice(ledger, sliceOf(SINCE, SINCE + HOUR), [asRow(listed('a', SINCE))]);
    expect((await report('costs', '--state', 'pending')).stderr).toContain('no task of this ledger is in the state');
  });

  it.each([
    [['costs', '--since', 'soon'], '--since is "soon"'],
    [['costs', '--since', '2026-02-01', '--until', '2026-01-01'], '--since must lie before --until'],
    [['costs', '--by', 'week'], 'Allowed choices are day, month, endpoint, tag, target, status'],
    [['changes', '--by', 'day'], '--by: report changes has no sums'],
    [['coverage', '--format', 'csv'], '--format: report coverage is text'],
    [['coverage', '--tag', 'x'], '--tag: report coverage is of whole APIs.'],
    [['reconcile', '--since', '1d', '--state', 'failed'], '--since: report reconcile is of whole APIs and of today.'],
    [
      ['failures', '--state', 'finished'],
      '--state: report failures is of failed tasks alone; leave it out, or sum up the others with report costs --state finished.',
    ],
    [['unfinished', '--state', 'failed', '--by', 'tag'], '--state: report unfinished is of pending tasks alone;'],
    [['nonsense'], 'Allowed choices are costs, failures'],
  ])('%s is wrong usage', async (argv, words) => {
    const { code, stderr } = await cli(['report', ...argv]);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });
});

describe('report failures and unfinished', () => {
  it('list the tasks, and with --by sum them up', async () => {
    const { report } = reporting([
      listed('a', SINCE, FAILED),
      listed('b', SINCE + 1000, { ...FAILED, status: '40103', statusCode: 40_103 }),
      listed('c', SINCE + 2000, PENDING),
      listed('d', SINCE + 3000),
    ]);
    const failed = rowsOf((await report('failures', '--format', 'json')).stdout);
    expect(failed.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(failed[0]).toMatchObject({ status: '40103', posted: '2024-05-15T02:00:01Z', tag: 'customer-7' });
    expect((await report('failures', '--state', 'failed')).stdout).toContain('2 tasks, 0.000000 dollars');
    const unfinished = rowsOf((await report('unfinished', '--format', 'json')).stdout);
    expect(unfinished.map(({ id, done }) => [id, done])).toEqual([['c', null]]);
    const { stdout } = await report('failures', '--by', 'status');
    expect(stdout).toMatch(/^40103 +1 /m);
    expect(stdout).toContain('2 tasks, 0.000000 dollars');
  });

  it('are read page by page, none left out and none twice', async () => {
    const many = Array.from({ length: 2_500 }, (_, at) => listed(`t${at}`, SINCE + Math.floor(at / 7) * 1000, FAILED));
    const { report } = reporting(many);
    const ids = rowsOf((await report('failures', '--format', 'json')).stdout).map(({ id }) => id);
    expect(new Set(ids).size).toBe(2_500);
    expect(ids).toHaveLength(2_500);
    const { stdout } = await report('failures');
    expect(stdout).toContain('… and 1,500 more; --format csv and --format json have them all.');
  });
});

describe('report duplicates', () => {
  it('tells which tasks were repeated within a day and what that wasted', async () => {
    const same = { metadata: '{"target":"a.com","limit":10,"tag":"x"}', target: 'a.com', tag: 'x', costMicros: 30_000 };
    const { report } = reporting([
      listed('first', SINCE, same),
      listed('again', SINCE + 60_000, { ...same, metadata: '{"limit":10,"tag":"y","target":"a.com"}', tag: 'y' }),
      listed('other', SINCE + 61_000, { ...same, metadata: '{"target":"a.com","limit":11,"tag":"x"}' }),
      listed('endpoint', SINCE + 62_000, {
        ...same,
        url: '/v3/backlinks/anchors/live',
        endpoint: 'backlinks/anchors/live',
      }),
      listed('failed', SINCE + 63_000, { ...same, ...FAILED }),
      listed('bare', SINCE + 64_000, { ...BARE, costMicros: 30_000 }),
    ]);
    const { stdout } = await report('duplicates', '--format', 'json');
    const { rows, totals } = JSON.parse(stdout) as { rows: unknown[]; totals: unknown };
    expect(totals).toEqual({
      groups: 1,
      repeats: 1,
      wasted: '0.030000',
      wastedMicros: 30_000,
      compared: 4,
      unknown: 1,
    });
    expect(rows).toEqual([
      {
        endpoint: 'backlinks/summary/live',
        target: 'a.com',
        tags: ['x', 'y'],
        firstPosted: '2024-05-15T02:00:00Z',
        lastPosted: '2024-05-15T02:01:00Z',
        firstId: 'first',
        repeats: 1,
        repeatedIds: ['again'],
        wasted: '0.030000',
        wastedMicros: 30_000,
      },
    ]);
    expect((await report('duplicates')).stdout).toMatch(/ a\.com +x, y +2024-05-15 02:00:00 /);
    expect((await report('duplicates', '--since', '2024-05-15 02:00:30')).stdout).toContain('1 task repeated another');
    expect((await report('duplicates', '--since', '2024-05-15 02:01:01')).stdout).toContain('0 tasks repeated another');
  });
});

describe('several texts in one cell of CSV', () => {
  it('are an array of JSON, so that no tag passes for two, nor an empty one for none', async () => {
    const tags = ['a b', 'a', 'b,"c"', '', null];
    const { report } = reporting(
      tags.map((tag, at) =>
        listed(`t${at}`, SINCE + at * 1000, {
          metadata: JSON.stringify({ target: 'a.com', ...(tag === null ? {} : { tag }) }),
          target: 'a.com',
          tag,
        }),
      ),
    );
    const { stdout } = await report('duplicates', '--format', 'csv');
    const [head = '', row = '', ...rest] = stdout.split('\n');
    expect([head.split(',')[2], rest]).toEqual(['tags', ['']]);
    const [found, ids] = [...row.matchAll(/"(\[(?:[^"]|"")*\])"/g)].map(([, cell = '']) => cell.replaceAll('""', '"'));
    expect(JSON.parse(found ?? '')).toEqual(tags);
    expect(JSON.parse(ids ?? '')).toEqual(['t1', 't2', 't3', 't4']);
  });
});

describe('report changes', () => {
  it('sums the refunds up', async () => {
    const { report, ledger } = reporting([
      listed('a', SINCE),
      listed('b', SINCE + 1000),
      listed('c', SINCE + 2000, PENDING),
      listed('d', SINCE + 3000, { costMicros: 5 }),
    ]);
    const later = [listed('a', SINCE, { costMicros: 0 }), listed('b', SINCE + 1000, { costMicros: 20_001 })];
    const rest = [listed('c', SINCE + 2000), listed('d', SINCE + 3000, { costMicros: 3 })];
    readSlice(ledger, sliceOf(SINCE, SINCE + HOUR), [...later, ...rest].map(asRow));
    const { stdout } = await report('changes', '--format', 'json');
    const { totals, rows } = JSON.parse(stdout) as { totals: unknown; rows: Record<string, unknown>[] };
    expect(totals).toMatchObject({ changes: 5, refunds: 2, refundedMicros: 20_002, increases: 1, increasedMicros: 1 });
    expect(rows.filter(({ field }) => field === 'cost')).toEqual([
      expect.objectContaining({ taskId: 'd', deltaMicros: -2 }),
      expect.objectContaining({ taskId: 'b', old: '0.02', new: '0.020001', delta: '0.000001' }),
      expect.objectContaining({ taskId: 'a', old: '0.02', new: '0', delta: '-0.020000', deltaMicros: -20_000 }),
    ]);
    expect((await report('changes')).stdout).toContain('2 refunds of 0.020002 dollars in all');
    expect((await report('changes', '--format', 'csv')).stdout).toContain(',cost,0.02,0,-0.020000\n');
    expect(rowsOf((await report('changes', '--until', '2024-05-01', '--format', 'json')).stdout)).toEqual([]);
  });
});

describe('report retrievable', () => {
  it('tells of finished Standard tasks until when their results are kept, and of Live that none are', async () => {
    const standard = { url: 'v3/serp/google/organic/task_post', endpoint: 'serp/google/organic/task_post' };
    const { report } = reporting([
      listed('live', SINCE),
      listed('standard', SINCE + 1000, standard),
      listed('pending', SINCE + 2000, { ...standard, ...PENDING }),
      listed('failed', SINCE + 3000, { ...standard, ...FAILED }),
    ]);
    const rows = rowsOf((await report('retrievable', '--format', 'json')).stdout);
    expect(rows.map(({ id, until }) => [id, until])).toEqual([['standard', '2024-06-14T02:00:01Z']]);
    const { stdout } = await report('retrievable');
    expect(stdout).toContain('1 result can still be fetched');
  });
});

describe('report coverage', () => {
  it('says in words what is missing, and fails', async () => {
    const { report } = reporting([listed('a', SINCE)]);
    const { code, stdout } = await report('coverage');
    expect(code).toBe(1);
    expect(stdout).toContain('NOT COMPLETE: something is missing');
    expect(stdout).toMatch(/- 2023-11-.* to 2024-05-15 02:00:00: tasks, gap \(not read yet\)/);
  });

  it('certifies a range that is read, with what proves it, and fails for more', async () => {
    const { report, value } = reporting([listed('a', SINCE), listed('b', SINCE + 1000, BARE)]);
    const range = ['--since', '2024-05-15 02:00:00', '--until', '2024-05-15 03:00:00'];
    const { code, stdout } = await report('coverage', ...range);
    expect(code).toBe(0);
    const digest = String(value('select digest from coverage'));
    for (const words of [
      'COMPLETE: nothing is missing in the times below.',
      'Program         dataforseo-ledger 9.8.7, schema',
      'Tasks           2, 1 of them with their parameters and tag',
      'Cost            0.040000 dollars',
      "Proven by       1 reading of DataForSEO's list, 1 call",
      `They listed     2 tasks, digest of their ids ${digest}`,
      'Missing         nothing',
    ])
      expect(stdout).toContain(words);
    expect((await report('coverage', '--since', '2024-05-15 02:00:00', '--until', '2024-05-15 03:00:01')).code).toBe(1);
    expect((await report('coverage', '--since', '2024-05-15 02:00:00')).code).toBe(0);
    expect((await report('coverage', '--apis', 'backlinks,serp')).code).toBe(1);
  });

  it('says with what it must be taken: doubts, what has not settled, and that it speaks of no other API', async () => {
    const { report, exec } = reporting([listed('a', SINCE)]);
    const range = ['--since', '2024-05-15 02:00:00', '--until', '2024-05-15 03:00:00'];
    const sound = (await report('coverage', ...range)).stdout;
    expect(sound).not.toContain('contradicted itself; what');
    expect(sound).toContain('this speaks of the APIs that it names');
    exec(`insert into doubt (api, kind, since, until, seen_at, detail, fingerprint)
      select 1, 'moved', since, since + 1, 0, '', 'f' from segment where grade = 'metadata'`);
    exec(`update segment set settled_at = null`);
    const { code, stdout } = await report('coverage', ...range);
    expect(code).toBe(0);
    expect(stdout).toContain('COMPLETE, with doubts: no time below is without a reading, but in 1 place DataForSEO contradicted itself.'); // prettier-ignore
    expect(stdout).toContain('API backlinks: COMPLETE, with 1 doubt\n');
    expect(stdout).toMatch(/Careful +In 1 place DataForSEO contradicted itself/);
    expect(stdout).toMatch(/Careful +Of the time that has not settled yet/);
  });

  it('certifies nothing of which tasks that were listed are gone', async () => {
    const { report, exec } = reporting([listed('a', SINCE), listed('b', SINCE + 1000)]);
    const range = ['--since', '2024-05-15 02:00:00', '--until', '2024-05-15 03:00:00'];
    expect((await report('coverage', ...range)).code).toBe(0);
    exec(`delete from task where id = 'b'`);
    exec(`update day_cost set tasks = tasks - 1 where tasks > 0`);
    exec(`update tag_cost set tasks = tasks - 1 where tasks > 0`);
    const { code, stdout } = await report('coverage', ...range);
    expect(code).toBe(1);
    expect(stdout).toContain('API backlinks: NOT COMPLETE');
    expect(stdout).toMatch(/Careful +The record holds 1 task less than the readings listed; verify says/);
  });

  it('certifies an API too that the ledger holds tasks of, though the settings no longer name it', async () => {
    const { report, exec } = reporting([listed('a', SINCE)]);
    const range = ['--since', '2024-05-15 02:00:00', '--until', '2024-05-15 03:00:00'];
    expect((await report('coverage', ...range)).code).toBe(0);
    exec(`insert into api (id, name) values (9, 'serp');
      insert into tally (api, state, metadata_state, tasks) values (9, 'done', 'unread', 3)`);
    const { code, stdout } = await report('coverage', ...range);
    expect(code).toBe(1);
    expect(stdout).toContain('NOT COMPLETE');
    expect(stdout).toContain('serp');
    expect((await report('costs', ...range)).stdout).toContain('CAREFUL');
    expect((await report('coverage', ...range, '--api', 'backlinks')).code).toBe(0);
  });

  it('is hinted at on standard error where rows of CSV lack some of the time', async () => {
    const { report } = reporting([listed('a', SINCE)]);
    const { stdout, stderr } = await report('costs', '--format', 'csv');
    expect(stdout).not.toContain('CAREFUL');
    expect(stderr).toMatch(/^CAREFUL: the ledger lacks some or all of this time.* report coverage says what\.\n$/);
    const range = ['--since', '2024-05-15 02:00:00', '--until', '2024-05-15 03:00:00'];
    expect((await report('costs', '--format', 'csv', ...range)).stderr).toBe('');
  });

  it('of a part of a reading has the digest of the tasks in that part', async () => {
    const { report } = reporting([listed('a', SINCE), listed('b', SINCE + 1000)]);
    const digestOf = async (since: string, until: string) => {
      const { stdout } = await report('coverage', '--format', 'json', '--since', since, '--until', until);
      const { apis } = JSON.parse(stdout) as { apis: { evidence: { digest: string; tasks: number } }[] };
      return apis[0]!.evidence;
    };
    const first = await digestOf('2024-05-15 02:00:00', '2024-05-15 02:00:01');
    const rest = await digestOf('2024-05-15 02:00:01', '2024-05-15 03:00:00');
    const both = await digestOf('2024-05-15 02:00:00', '2024-05-15 03:00:00');
    const sum = (BigInt(`0x${first.digest}`) + BigInt(`0x${rest.digest}`)) % 2n ** 128n;
    expect([first.tasks, rest.tasks, both.tasks]).toEqual([1, 1, 2]);
    expect(sum).toBe(BigInt(`0x${both.digest}`));
  });

  it('tells a loss from a gap, and parameters from tasks', async () => {
    const { report, exec } = reporting([listed('a', SINCE)]);
    const [from, to] = [(SINCE + HOUR) / 1000, (SINCE + 2 * HOUR) / 1000];
    exec(`insert into loss (api, since, until, grade, lost_at, reason) values
      (1, ${from}, ${to}, 'ids', ${NOW / 1000}, 'left the window unread'),
      (1, ${from - 3600}, ${from}, 'metadata', ${NOW / 1000}, 'left the month unread')`);
    const { stdout, code } = await report(
      'coverage',
      '--since',
      '2024-05-15 02:00:00',
      '--until',
      '2024-05-15 05:00:00',
      '--format',
      'json',
    );
    expect(code).toBe(1);
    const { apis } = JSON.parse(stdout) as { apis: { missing: Record<string, string>[] }[] };
    expect(apis[0]!.missing.map(({ since, until, grade, why }) => [since, until, grade, why])).toEqual([
      ['2024-05-15T02:00:00Z', '2024-05-15T03:00:00Z', 'metadata', 'lost'],
      ['2024-05-15T03:00:00Z', '2024-05-15T04:00:00Z', 'ids', 'lost'],
      ['2024-05-15T04:00:00Z', '2024-05-15T05:00:00Z', 'ids', 'unread'],
    ]);
  });
});

describe('report doubts', () => {
  it('tells where DataForSEO contradicted itself, the newest first, by the time that is in doubt', async () => {
    const { report, exec } = reporting([listed('a', SINCE)]);
    expect((await report('doubts')).stdout).toContain('DataForSEO has contradicted itself nowhere.');
    const from = SINCE / 1000;
    exec(`insert into doubt (api, kind, since, until, task_id, seen_at, detail, fingerprint) values
      (1, 'moved', ${from - 100}, ${from}, null, ${from + 1}, 'a moment', 'f'),
      (1, 'unlisted', null, null, 'a', ${from + 2}, '=cmd', 'g'),
      (1, 'quarantined', null, null, null, ${from + 3}, 'a row', 'h')`);
    const kinds = async (...argv: string[]) =>
      rowsOf((await report('doubts', '--format', 'json', ...argv)).stdout).map(({ kind }) => kind);
    expect(await kinds()).toEqual(['quarantined', 'unlisted', 'moved']);
    const iso = (at: number) => new Date(at).toISOString();
    // That of a task is about its second, and one that is about nothing is told with every time.
    expect(await kinds('--since', iso(SINCE))).toEqual(['quarantined', 'unlisted']);
    expect(await kinds('--until', iso(SINCE))).toEqual(['quarantined', 'moved']);
    expect(await kinds('--api', 'serp')).toEqual([]);
    const { stdout } = await report('doubts', '--format', 'csv');
    expect(stdout.split('\n')[2]).toBe(`${iso(SINCE + 2000).replace('.000Z', 'Z')},backlinks,unlisted,${iso(SINCE).replace('.000Z', 'Z')},${iso(SINCE + 1000).replace('.000Z', 'Z')},a,'=cmd`); // prettier-ignore
    expect((await report('doubts')).stdout).toContain('In 3 places DataForSEO contradicted itself');
    // The certificate counts the same.
    const certified = await report('coverage', '--since', iso(SINCE), '--until', iso(SINCE + HOUR));
    expect(certified.stdout).toMatch(/^In doubt +1 × quarantined, 1 × unlisted$/m);
    expect((await report('coverage', '--until', iso(SINCE))).stdout).toMatch(/^In doubt +1 × moved, 1 × quarantined$/m);
    expect((await report('doubts', '--tag', 'x')).code).toBe(2);
  });

  it('has all of them, however many', async () => {
    const { report, exec } = reporting([listed('a', SINCE)]);
    exec(`insert into doubt (api, kind, since, until, seen_at, detail, fingerprint)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 2500) select 1, 'moved', i, i + 1, i, '', 'f' || i from n`);
    expect(rowsOf((await report('doubts', '--format', 'json')).stdout)).toHaveLength(2_500);
  });
});

describe('report reconcile', () => {
  const NOON = Math.floor(Date.now() / DAY) * DAY + 12 * HOUR;
  /** Read at noon, whenever the test is run: just after midnight there is next to nothing of a day. */
  const readAtNoon = async () => {
    const patch = { tasks: 2_000, spanDays: 2, newestAgoMs: 5_000, finishing: { share: 0 } };
    const bench = await openBench(patch, {}, steppingClock({ wallMs: NOON - Date.now() }));
    await bench.backfill();
    const openApp = () => bench.app();
    const reconciled = (...argv: string[]) => cli(['report', 'reconcile', ...argv], { openApp, env: { ...bench.env } });
    return { bench, reconciled };
  };

  it("holds the ledger's sum of today against the account's own, and fails when they differ", async () => {
    const { bench, reconciled: report } = await readAtNoon();
    const { code, stdout } = await report();
    expect(stdout).toContain('Both agree to the micro-dollar.');
    expect(code).toBe(0);
    bench.expectNoSecretIn(stdout);
    withDatabase(bench.path, {}, (database) =>
      database.exec(
        'update day_cost set cost_micros = cost_micros - 7 where day = (select max(day) from day_cost) and tasks > 0',
      ),
    );
    const later = await report('--format', 'json');
    expect(later.code).toBe(1);
    expect(rowsOf(later.stdout)[0]).toMatchObject({
      api: 'backlinks',
      readUpTo: expect.stringContaining('T') as string,
    });
    expect(Number(rowsOf(later.stdout)[0]!['differenceMicros'])).toBeGreaterThan(0);
    expect((await report()).stdout).toContain('They do not agree.');
  });

  it('says what of the day has not been read yet, and what that costs at the pace of the hour before', async () => {
    const midnight = Math.floor(Date.now() / DAY) * DAY;
    const noon = midnight + 12 * HOUR;
    const row = { api: 'backlinks', ledgerMicros: 7_000_000, ledgerTasks: 350, unfinished: 0, readUpTo: noon - 90_000, unread: [], lastHourMicros: 4_000_000 }; // prettier-ignore
    const reconciled = async (over: Partial<ReconcileRow>) => {
      const rows = [{ ...row, vendorMicros: 7_100_000, ...over }];
      const day = new Date(midnight).toISOString().slice(0, 10);
      const told = { kind: 'reconcile', day, timezone: 'UTC', rows } as const;
      return await cli(['report', 'reconcile'], {
        app: { report: ({ use }) => use({ at: noon, complete: true, unknown: [], unknownTag: null, report: told }) },
      });
    };
    const { code, stdout } = await reconciled({});
    expect(code).toBe(1);
    const read = new Date(noon - 90_000).toISOString().slice(0, 19).replace('T', ' ');
    expect(stdout).toContain(`has cost up to ${read.slice(0, 10)} 12:00:00 UTC`);
    expect(stdout).toContain(
      `backlinks: the ledger has read up to ${read} UTC; DataForSEO's count has the 1 min 30 s since then too. At the pace of the hour before, these cost 0.100000 dollars.`,
    );
    expect(stdout).toContain('unfinished or listed late are the usual reasons');
    expect((await reconciled({ readUpTo: null })).stdout).toContain('has read nothing of it yet');
    const same = await reconciled({ vendorMicros: 7_000_000 });
    expect([same.code, same.stdout.includes('has read up to')]).toEqual([0, false]);
    expect((await reconciled({ vendorMicros: null })).stdout).not.toContain('has read up to');
  });

  it('names what of the day a backfill has not read yet before any other reason', async () => {
    const { bench, reconciled } = await readAtNoon();
    const midnight = NOON - 12 * HOUR;
    const [whole] = rowsOf((await reconciled('--format', 'json')).stdout);
    const readUpTo = Date.parse(String(whole!['readUpTo']));
    const [since, until] = [midnight + (readUpTo - midnight) / 4, midnight + (readUpTo - midnight) / 2].map((at) => Math.round(at / 1000)); // prettier-ignore
    withDatabase(bench.path, {}, (database) => {
      const around = database.prepare('select * from segment where since <= ? and until >= ?').get(since, until) as Record<string, unknown>; // prettier-ignore
      const names = Object.keys(around);
      database.prepare('update segment set until = ? where api = ? and since = ?').run(since, around['api'], around['since']); // prettier-ignore
      database
        .prepare(`insert into segment (${names.join(', ')}) values (${names.map((name) => `@${name}`).join(', ')})`)
        .run({ ...around, since: until });
      database.exec(`update day_cost set cost_micros = cost_micros - 7 where day = (select max(day) from day_cost) and tasks > 0`); // prettier-ignore
    });
    const { code, stdout } = await reconciled();
    expect(code).toBe(1);
    const [from, to] = [since!, until!].map((at) => new Date(at * 1000).toISOString().slice(0, 19));
    expect(stdout).toContain(`of this day (${from!.replace('T', ' ')} to ${to!.replace('T', ' ')} UTC); what was posted then is missing from its sum.`); // prettier-ignore
    expect(stdout.indexOf('has not read')).toBeLessThan(stdout.indexOf('the ledger has read up to'));
    expect(stdout).toContain('The two can be compared when all of the day is read.');
    expect(stdout).not.toContain('listed late');
    const json = JSON.parse((await reconciled('--format', 'json')).stdout) as { complete: boolean; rows: object[] };
    expect(json).toMatchObject({ complete: false, rows: [{ unread: [{ since: `${from}Z`, until: `${to}Z` }] }] });
  });

  it('says that nothing of the day is read where the reading has not come so far', async () => {
    const midnight = Math.floor(Date.now() / DAY) * DAY;
    const day = new Date(midnight).toISOString().slice(0, 10);
    const row = { api: 'backlinks', ledgerMicros: 0, ledgerTasks: 0, unfinished: 0, vendorMicros: 7, readUpTo: midnight - DAY, unread: [], lastHourMicros: 9 }; // prettier-ignore
    const told = { kind: 'reconcile', day, timezone: 'UTC', rows: [row] } as const;
    const { stdout } = await cli(['report', 'reconcile'], {
      app: { report: ({ use }) => use({ at: midnight + HOUR, complete: false, unknown: [], unknownTag: null, report: told }) }, // prettier-ignore
    });
    const before = new Date(midnight - DAY).toISOString().slice(0, 10);
    expect(stdout).toContain(
      `backlinks: the ledger has read nothing of this day yet, only up to ${before} 00:00:00 UTC.`,
    );
    expect(stdout).not.toContain('At the pace');
  });

  it('reckons the pace from the hour before the last reading, and takes one API alone', async () => {
    const { bench, reconciled } = await readAtNoon();
    const [row] = rowsOf((await reconciled('--format', 'json')).stdout);
    const until = Date.parse(String(row!['readUpTo'])) / 1000;
    const hour = bench.rows('select sum(cost_micros) as micros from tasks where posted_at >= ? and posted_at < ?', until - 3_600, until); // prettier-ignore
    expect(row!['lastHourMicros']).toBe(hour[0]!['micros']);
    expect(Number(row!['lastHourMicros'])).toBeGreaterThan(0);
    const serp = rowsOf((await reconciled('--format', 'json', '--api', 'serp')).stdout);
    expect(serp).toMatchObject([{ api: 'serp', tasks: 0 }]);
  });
});
