import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { migrate, readMigrations } from '../../src/ledger/migrate.ts';
import {
  asRow,
  BARE,
  begunLedger,
  HOUR,
  listed,
  NOW,
  PENDING,
  readSlice,
  savePage,
  sliceOf,
  withDatabase,
} from '../support/ledger.ts';

/** The contract: scripts rely on these names and this order. */
const VIEWS = {
  tasks:
    'id, api, endpoint, url, datetime_posted, datetime_done, posted_at, done_at, status, status_code, state, cost, cost_micros, tag, target, metadata, metadata_state, extra, first_seen_at, changed_at',
  costs_by_day: 'api, endpoint, day, state, tasks, cost, cost_micros',
  costs_by_tag: 'api, tag, metadata_state, day, tasks, cost, cost_micros',
  coverage: 'api, since, until, grade, read_at, settled_at, calls, rows, digest, doubts',
  gaps: 'api, since, until, grade, expires_at, as_of',
  losses: 'api, since, until, grade, lost_at, reason',
  losses_regained: 'api, since, until, grade, lost_at, reason, regained_at',
  doubts: 'id, api, kind, since, until, task_id, seen_at, detail',
  calls: 'id, api, purpose, since, until, row_offset, row_limit, sent_at, answered_at, http_status, code, rows',
  calls_by_day: 'api, day, purpose, calls, failed, throttled, rows',
  task_changes: 'task_id, seen_at, field, old, new',
};

const SINCE = NOW - 10 * HOUR;

/** A ledger with a row in every view. */
function filled() {
  const temp = begunLedger();
  const { ledger } = temp;
  const plan = sliceOf(SINCE, SINCE + HOUR);
  readSlice(ledger, plan, [asRow(listed('a', SINCE, PENDING)), asRow(listed('b', SINCE + 1000))]);
  readSlice(ledger, plan, [asRow(listed('a', SINCE, { tag: "it's", metadata: `{"tag":"it's"}` }))]);
  readSlice(ledger, sliceOf(SINCE + 2 * HOUR, SINCE + 3 * HOUR), [asRow(listed('c', SINCE + 2 * HOUR, BARE))]);
  temp.exec(`insert into loss (api, since, until, grade, lost_at, reason, regained_at, regained_by)
    select api, since - 20, since - 10, grade, lost_at, reason, lost_at, 1 from loss`);
  ledger.setGaps(
    [{ api: 'backlinks', grade: 'ids', since: SINCE + HOUR, until: SINCE + 2 * HOUR, expiresAt: NOW }],
    NOW,
  );
  return temp;
}

function sqlite3(path: string, sql: string): string {
  return execFileSync('sqlite3', ['-readonly', '-csv', '-header', path, sql], { encoding: 'utf8' }).trim();
}

function shellVersion(): string | null {
  try {
    return execFileSync('sqlite3', ['--version'], { encoding: 'utf8' }).split(' ', 1)[0] ?? null;
  } catch {
    return null;
  }
}

const shell = shellVersion();
if (shell === null)
  console.warn('SKIPPED: no sqlite3 shell here, so the views are not tried with it (apt-get install sqlite3)');

describe('a view', () => {
  it.each(Object.entries(VIEWS))('%s has the columns of the contract', (view, columns) => {
    const { rows } = filled();
    const first = rows(`select * from ${view}`)[0] ?? {};
    expect(Object.keys(first).join(', ')).toBe(columns);
  });

  it('is one of eleven, and all else is private', () => {
    const { rows } = filled();
    const names = rows(`select name from sqlite_schema where type = 'view' order by name`).map(({ name }) => name);
    expect(names).toEqual(Object.keys(VIEWS).sort());
  });

  it('holds whole seconds wherever a name ends in _at, since or until', () => {
    const { rows } = filled();
    for (const [view, columns] of Object.entries(VIEWS).filter(([name]) => !name.includes('_by_'))) {
      const times = columns.split(', ').filter((column) => /_at$|^since$|^until$/.test(column));
      const values = rows(`select ${times.join(', ')} from ${view}`).flatMap((row) => Object.values(row));
      const far = values.filter((value) => value !== null && Math.abs(Number(value) - NOW / 1000) > 86_400);
      expect([view, ...far]).toEqual([view]);
    }
  });

  it('shows no day and no tag of which nothing is left', () => {
    const { rows } = filled();
    expect(rows('select * from costs_by_day where tasks <= 0')).toEqual([]);
    expect(rows(`select state, tasks from costs_by_day where state = 'pending'`)).toEqual([]);
    expect(rows(`select tag, tasks from costs_by_tag order by tag`)).toEqual([
      { tag: null, tasks: 1 },
      { tag: 'customer-7', tasks: 1 },
      { tag: "it's", tasks: 1 },
    ]);
  });
});

describe.skipIf(shell === null)(`the shell of SQLite ${shell ?? ''}`, () => {
  it.each(Object.entries(VIEWS))('reads %s while the daemon writes', (view, columns) => {
    const { ledger, path } = filled();
    const [header, ...lines] = sqlite3(path, `select * from ${view}`).split(/\r?\n/);
    expect(header).toBe(columns.replaceAll(', ', ','));
    expect(lines.length).toBeGreaterThan(0);
    const walk = ledger.beginWalk(sliceOf(SINCE, SINCE + HOUR), NOW);
    expect(savePage(ledger, walk, [asRow(listed('d', SINCE + 9000))]).newTasks).toBe(1);
  });

  it('reads what was committed, and nothing of what is being written', () => {
    const { path } = filled();
    withDatabase(path, {}, (writer) => {
      writer.exec(`begin immediate; update task set cost_micros = 77`);
      expect(sqlite3(path, `select count(*) from tasks where cost_micros = 77`)).toContain('0');
      writer.exec('commit');
    });
    expect(sqlite3(path, `select count(*) from tasks where cost_micros = 77`)).toContain('3');
  });

  it('may read for long without keeping the writer from writing', () => {
    const { ledger, path } = filled();
    withDatabase(path, { readonly: true }, (reader) => {
      const open = reader.prepare('select * from tasks').iterate();
      open.next();
      readSlice(ledger, sliceOf(SINCE, SINCE + HOUR), [asRow(listed('e', SINCE + 9000))]);
      open.return?.();
    });
    expect(sqlite3(path, `select count(*) from tasks where id = 'e'`)).toContain('1');
  });

  it('searches by time, by id and by state as the newest SQLite does', () => {
    const { path } = filled();
    const planOf = (sql: string) =>
      execFileSync('sqlite3', ['-readonly', path, `explain query plan ${sql}`], { encoding: 'utf8' });
    for (const [sql, step] of PEOPLE) expect([sql, planOf(sql)]).toEqual([sql, expect.stringContaining(step)]);
  });
});

/** What people ask, and the step that keeps it fast with ten million tasks. */
const PEOPLE: readonly (readonly [string, string])[] = [
  [`select * from tasks where id = 'x'`, 'SEARCH task USING INDEX sqlite_autoindex_task_1 (id=?)'],
  [
    'select * from tasks where posted_at >= 1 and posted_at < 2',
    'SEARCH task USING INDEX task_by_posted (posted_at>? AND posted_at<?)',
  ],
  [
    `select * from tasks where api = 'backlinks' and posted_at >= 1 and posted_at < 2`,
    'SEARCH task USING INDEX task_by_posted (posted_at>? AND posted_at<?)',
  ],
  [
    'select * from tasks where done_at >= 1 and done_at < 2',
    'SEARCH task USING INDEX task_by_done (done_at>? AND done_at<?)',
  ],
  ['select * from tasks order by posted_at desc limit 10', 'SCAN task USING INDEX task_by_posted'],
  [
    `select * from tasks where state = 'failed' and posted_at >= 1 and posted_at < 2`,
    'SEARCH task USING INDEX task_failed (posted_at>? AND posted_at<?)',
  ],
  [`select * from tasks where state = 'pending'`, 'task USING INDEX task_unfinished'],
  [`select * from tasks where state = 'pending' order by posted_at`, 'SCAN task USING INDEX task_unfinished'],
  [`select day, sum(cost_micros) from costs_by_day group by day`, 'SCAN day_cost'],
  [`select * from task_changes where task_id = 'x'`, 'SEARCH task_change USING INDEX task_change_by_task (task=?)'],
  [`select * from calls order by id desc limit 10`, 'SCAN call'],
];

/** What the daemon asks at every turn; as in src/ledger. */
const DAEMON: readonly (readonly [string, string])[] = [
  [
    `select posted_at from task where api = ? and posted_at >= ? order by posted_at desc limit ?`,
    'SEARCH task USING COVERING INDEX task_by_posted (posted_at>?)',
  ],
  [
    `select count(*) from (select 1 from task where api = ? and posted_at >= ? and posted_at < ? limit ?)`,
    'SEARCH task USING COVERING INDEX task_by_posted (posted_at>? AND posted_at<?)',
  ],
  [
    `select distinct posted_at as at from task
     where state = 'pending' and api = +@api and posted_at >= +@since and posted_at < +@until order by posted_at limit +@most`,
    'SEARCH task USING INDEX task_unfinished (posted_at>? AND posted_at<?)',
  ],
  [
    `select task.id, task.posted_at, task.done_at, task.changed_call, walk_row.reading
     from task left join walk_row on walk_row.walk = +? and walk_row.row = task.n
     where task.api = +? and task.posted_at >= +? and task.posted_at < +?`,
    'SEARCH task USING INDEX task_by_posted (posted_at>? AND posted_at<?)',
  ],
  [
    `select task.id from task cross join walk_row on walk_row.walk = +? and walk_row.row = task.n
     where task.api = +? and task.posted_at >= +? and task.posted_at < +?`,
    'SEARCH task USING INDEX task_by_posted (posted_at>? AND posted_at<?)',
  ],
  [
    `select task.id from task
     where task.first_seen_at <= (select finished_at from walk where id = +?) and task.api = +? and task.posted_at >= +? and task.posted_at < +?`,
    'SEARCH task USING INDEX task_by_posted (posted_at>? AND posted_at<?)',
  ],
  [
    `select since, until, grade, walk, settled_at from segment
     where api = +@api and since < +@until and until > +@since
       and since >= ifnull((select max(since) from segment where api = +@api and since <= +@since), +@since)
     order by since`,
    'SEARCH segment USING PRIMARY KEY (api=? AND since>? AND since<?)',
  ],
  ['select walk.* from walk where walk.finished_at is null order by walk.since', 'SCAN walk USING INDEX walk_open'],
  [
    `select since, last_posted_at, rows, 1 from walk where api = +? and outcome in ('given_up', 'expired') and rows > 0`,
    'SEARCH walk USING INDEX walk_cut_short (api=?)',
  ],
  [
    `select n from task where task.metadata_state = 'pending' and task.api = ? and task.posted_at < ? limit ?`,
    'SEARCH task USING COVERING INDEX task_without_metadata (api=? AND posted_at<?)',
  ],
  [
    `select answered_at from call where answered_at is not null and code is not 20000 and code <> 'aborted' order by id desc limit 1`,
    'SCAN call USING INDEX call_failed',
  ],
  [
    'select id from doubt where task_id is null and api = ? and kind = ? and until >= ? and since <= ? limit 1',
    'SEARCH doubt USING INDEX doubt_by_range (api=? AND kind=? AND until>?)',
  ],
  ['select * from call where token_back_mono_ms is null', 'SCAN call USING INDEX call_unanswered'],
];

/** The source as one line of text, so that a query is found however it is broken. */
function sourceOfLedger(): string {
  const folder = new URL('../../src/ledger/', import.meta.url);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const files = names.map((name) => readFileSync(new URL(name, folder), 'utf8'));
  return files.join('\n').replace(/\s+/g, ' ');
}

describe('the plan', () => {
  const { prepare } = onEmptyLedger();

  it.each([...PEOPLE, ...DAEMON])('of %s is %s, and sorts nothing', (sql, step) => {
    const steps = prepare(sql);
    expect(steps.some((detail) => detail.includes(step)), steps.join('\n')).toBe(true); // prettier-ignore
    expect(steps.filter((detail) => /^SCAN task$/.test(detail))).toEqual([]);
    if (!sql.includes('group by')) expect(steps.filter((detail) => detail.includes('TEMP B-TREE'))).toEqual([]);
  });

  it('of costs by day touches no task', () => {
    expect(prepare('select * from costs_by_day').filter((detail) => /\btask\b/.test(detail))).toEqual([]);
  });

  it('is pinned for the queries that the daemon really makes', () => {
    const source = sourceOfLedger();
    for (const [sql] of DAEMON) expect(source).toContain(sql.slice(sql.search(/\bwhere\b/)).replace(/\s+/g, ' '));
  });
});

const NAMED = { api: 1, since: 1, until: 1, most: 1 };

function onEmptyLedger() {
  const database = new Database(':memory:');
  migrate(database, readMigrations(), 0);
  return {
    prepare: (sql: string) =>
      database
        .prepare<unknown[], { detail: string }>(`explain query plan ${sql}`)
        .all(...(sql.match(/\?/g) ?? []).map(() => 1), ...(sql.includes('@') ? [NAMED] : []))
        .map(({ detail }) => detail),
  };
}
