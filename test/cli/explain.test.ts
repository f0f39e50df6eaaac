import { describe, expect, it } from 'vitest';
import type { Covering, Explanation, Lack, Question, TaskStory } from '../../src/domain/explanation.ts';
import { cli, EXPLAINED } from './fakes.ts';

const call = (id: number) => ({
  id,
  sentAt: '2026-11-02T00:00:00Z',
  answeredAt: '2026-11-02T00:00:01Z',
  offset: (id - 1) * 999,
  rows: 1_000,
});

const COVERED: Covering = {
  since: '2026-11-01T00:00:00Z',
  until: '2026-11-02T00:00:00Z',
  grade: 'metadata',
  settledAt: '2026-11-02T03:00:00Z',
  readAt: '2026-11-02T03:00:00Z',
  walk: 12,
  purpose: 'settle',
  walkSince: '2026-10-31T23:00:00Z',
  walkUntil: '2026-11-02T00:00:00Z',
  rows: 6_001,
  length: 6_003,
  digest: 'abc',
  doubts: 1,
  calls: [1, 2, 3, 4, 5, 6, 7].map(call),
};

async function told(explanation: Explanation, argv: readonly string[] = ['explain', '2026-11-01', '12:00:00']) {
  const asked: Question[] = [];
  const explain = (question: Question) => {
    asked.push(question);
    return explanation;
  };
  return { ...(await cli(argv, { env: {}, app: { explain } })), asked };
}

const moment = (covered: Covering | null, lack: Lack | null): Explanation => ({
  kind: 'moment',
  moment: '2026-11-01T12:00:00Z',
  at: EXPLAINED.at,
  apis: [{ api: 'backlinks', covered, lack }],
});

const ID = '01262030-4426-0139-0000-50c0b9a6c886';

const TASK: TaskStory = {
  api: 'backlinks',
  endpoint: 'backlinks/summary/live',
  url: 'v3/backlinks/summary/live',
  postedAt: '2026-11-01T12:00:00Z',
  doneAt: null,
  status: '40602',
  state: 'pending',
  cost: 0.02,
  tag: null,
  target: 'example.com',
  metadataState: 'held',
  firstSeenAt: '2026-11-01T12:01:00Z',
  changedAt: null,
  firstListed: { walk: 3, purpose: 'tail', calls: [call(7)] },
  posted: { api: 'backlinks', covered: { ...COVERED, calls: [] }, lack: null },
  changes: [],
  doubts: [],
};

describe('explain', () => {
  it('takes a time, quoted or not, and everything else as the id of a task', async () => {
    const at = Date.UTC(2026, 10, 1, 12);
    expect((await told(EXPLAINED)).asked).toEqual([{ kind: 'moment', at }]);
    expect((await told(EXPLAINED, ['explain', '2026-11-01 12:00:00'])).asked).toEqual([{ kind: 'moment', at }]);
    expect((await told(EXPLAINED, ['explain', String(at / 1000), '--json'])).asked).toEqual([{ kind: 'moment', at }]);
    expect((await told(EXPLAINED, ['explain', '30d'])).asked).toMatchObject([{ kind: 'moment' }]);
    expect((await told(EXPLAINED, ['explain', '0126-x'])).asked).toEqual([{ kind: 'task', id: '0126-x' }]);
    expect((await told(EXPLAINED, ['explain'])).code).toBe(2);
  });

  it('tells of a moment what covers it', async () => {
    const { code, stdout } = await told(moment(COVERED, null));
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      '2026-11-01 12:00:00 UTC',
      'backlinks: covered with metadata from 2026-11-01 00:00:00 to 2026-11-02 00:00:00, read 2026-11-02 03:00:00, settled 2026-11-02 03:00:00',
      '  walk 12 (settle) read 2026-10-31 23:00:00 to 2026-11-02 00:00:00: 6,001 tasks, digest abc; 1 doubt',
      '  call 1, answered 2026-11-02 00:00:01: 1,000 rows from row 0 on',
      '  call 2, answered 2026-11-02 00:00:01: 1,000 rows from row 999 on',
      '  call 3, answered 2026-11-02 00:00:01: 1,000 rows from row 1,998 on',
      '  call 4, answered 2026-11-02 00:00:01: 1,000 rows from row 2,997 on',
      '  call 5, answered 2026-11-02 00:00:01: 1,000 rows from row 3,996 on',
      '  … and 2 more calls',
      '',
    ]);
  });

  const lacks: readonly (readonly [Lack, string])[] = [
    [{ kind: 'future' }, 'it lies in the future'],
    [{ kind: 'too_young', readableAt: '2026-11-01T12:00:31Z' }, 'too young: it can be read from 2026-11-01 12:00:31 on'],
    [{ kind: 'never_read' }, 'this ledger has never read this API'],
    [{ kind: 'before_origin', origin: '2026-06-01T00:00:00Z' }, 'before this ledger began: what is older than 2026-06-01 00:00:00 could not be read any more'],
    [{ kind: 'left' }, 'it has left the window'],
    [{ kind: 'lost', grade: 'ids', lostAt: '2026-12-01T00:00:00Z', reason: 'left the window before it was read' }, 'its ids are lost: left the window before it was read (2026-12-01 00:00:00)'],
    [{ kind: 'being_read', grade: 'metadata', walk: 9, failure: '50000' }, 'its metadata is being read by walk 9, which failed last: 50000'],
    [{ kind: 'gap', grade: 'ids', since: '2026-11-01T00:00:00Z', until: '2026-11-02T00:00:00Z', callsBefore: 10, etaSeconds: 60, exact: false, expiresAt: '2027-05-01T00:00:00Z' },
      'its ids are not read yet: in the gap from 2026-11-01 00:00:00 to 2026-11-02 00:00:00, its turn comes after at least 10 calls (1 min); it expires at 2027-05-01 00:00:00'],
  ]; // prettier-ignore

  it.each(lacks)('tells why nothing does: %o', async (lack, text) => {
    expect((await told(moment(null, lack))).stdout).toContain(`\nbacklinks: not covered, ${text}\n`);
    expect((await told(moment(COVERED, lack))).stdout).toContain(`\nbacklinks: and yet, ${text}\n`);
  });

  it('says what it takes where what was typed is neither a time nor an id, nor in the ledger', async () => {
    const unknown: Explanation = { kind: 'task', id: 'foo', at: EXPLAINED.at, task: null };
    const { code, stdout, stderr } = await told(unknown, ['explain', 'last', 'tuesday']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^"last tuesday" is no time and not the id of a task\. A time is written like .*; an id like .*\n$/,
    );
    expect((await told(unknown, ['explain', ID])).code).toBe(1);
    expect((await told({ ...unknown, task: TASK }, ['explain', 'foo'])).code).toBe(0);
  });

  it('tells the story of a task', async () => {
    const explanation: Explanation = { kind: 'task', id: 'a-b', at: EXPLAINED.at, task: TASK };
    expect((await told(explanation, ['explain', 'a-b'])).stdout.split('\n')).toEqual([
      'a-b',
      '  backlinks, backlinks/summary/live: posted 2026-11-01 12:00:00, done never',
      '  pending (status 40602), 0.02 dollars',
      '  metadata held, tag none, target example.com',
      '  first seen 2026-11-01 12:01:00 by walk 3 (tail), call 7',
      '  as it was then',
      'The second in which it was posted:',
      'backlinks: covered with metadata from 2026-11-01 00:00:00 to 2026-11-02 00:00:00, read 2026-11-02 03:00:00, settled 2026-11-02 03:00:00',
      '  walk 12 (settle) read 2026-10-31 23:00:00 to 2026-11-02 00:00:00: 6,001 tasks, digest abc; 1 doubt',
      '  its calls are no longer kept one by one',
      '',
    ]);
  });

  it('tells its changes, its doubts, and calls that cannot be told apart', async () => {
    const task: TaskStory = {
      ...TASK,
      changedAt: '2026-11-03T00:00:00Z',
      firstListed: { walk: 3, purpose: 'tail', calls: [call(7), call(8)] },
      changes: [{ seenAt: '2026-11-03T00:00:00Z', field: 'done', old: null, new: '2026-11-02 00:00:00 +00:00' }],
      doubts: [{ kind: 'unlisted', seenAt: '2026-11-04T00:00:00Z', detail: 'not listed' }],
    };
    const { stdout } = await told({ kind: 'task', id: 'a-b', at: EXPLAINED.at, task });
    expect(stdout).toContain('by walk 3 (tail), one of the calls 7, 8\n');
    expect(stdout).toContain(
      '  last changed 2026-11-03 00:00:00\n  - 2026-11-03 00:00:00: done nothing became "2026-11-02 00:00:00 +00:00"\n',
    );
    expect(stdout).toContain('  doubt of 2026-11-04 00:00:00: unlisted, not listed\n');
  });

  it('says of a task that the ledger does not hold what that means, and ends with 1', async () => {
    const { code, stdout } = await told({ kind: 'task', id: ID, at: EXPLAINED.at, task: null }, ['explain', ID]);
    expect(code).toBe(1);
    expect(stdout).toContain(`The ledger holds no task ${ID}.`);
    expect(stdout).toContain('which stretch would have shown it is not known');
  });

  it('prints all of it with --json', async () => {
    expect(JSON.parse((await told(EXPLAINED, ['explain', '2026-11-01', '--json'])).stdout)).toEqual(EXPLAINED);
  });

  it('prints no text of others that moves the cursor or begins a line', async () => {
    const evil = '\u001b[2J\u202Eevil\r\nserp: covered';
    const task = { ...TASK, tag: evil, target: evil, url: evil, status: evil };
    const { stdout } = await told({ kind: 'task', id: ID, at: EXPLAINED.at, task }, ['explain', ID]);
    expect(stdout).toContain('\ufffd[2J\ufffdevil\ufffd\ufffdserp: covered');
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(stdout).not.toMatch(/^serp: covered/m);
  });
});
