import { describe, expect, it } from 'vitest';
import { windowEdge } from '../../src/domain/window.ts';
import { createCoverageStore } from '../../src/ledger/coverage.ts';
import { openForReading } from '../../src/ledger/database.ts';
import { readPictures } from '../../src/ledger/snapshot.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import {
  asRow,
  BARE,
  begunLedger,
  circumstances,
  DAY,
  HOUR,
  listed,
  NOW,
  readSlice,
  sliceOf,
  withDatabase,
  type TempLedger,
} from '../support/ledger.ts';

const SINCE = NOW - 6 * HOUR;
const UNTIL = NOW - 5 * HOUR;
const seconds = (ms: number) => ms / 1000;

async function problemsOf({ path }: TempLedger, now = NOW): Promise<readonly string[]> {
  const database = openForReading(path);
  try {
    const terms = { apis: ['backlinks'], wallNow: now, onProgress: () => undefined };
    const { problems } = await verifyLedger(database, terms, new AbortController().signal);
    // Nobody has taken stock here: gaps are not written down.
    return problems.filter(({ check }) => check !== 'gaps').map(({ text }) => text);
  } finally {
    database.close();
  }
}

const LOST = `select since, until, grade from losses where reason like 'the server lists%' order by since`;
const REGAINED = 'select since, until, grade, lost_at, regained_at, reason from losses_regained order by since';
const at = [SINCE + 60_000, SINCE + 120_000, SINCE + 180_000] as const;
const rowsOf = (bare: readonly number[]) =>
  at.map((postedAt, n) => asRow(listed(`t${n}`, postedAt, bare.includes(n) ? BARE : {})));
const LATER = { at: { now: NOW + HOUR } } as const;

describe('what was listed without its metadata', () => {
  it('leaves what lies beside it read with metadata, also where a reading by ids proves it anew', async () => {
    const temp = begunLedger();
    readSlice(temp.ledger, sliceOf(SINCE, UNTIL), rowsOf([0, 1, 2]));
    readSlice(temp.ledger, sliceOf(SINCE, UNTIL, { grade: 'ids', purpose: 'verify' }), rowsOf([0, 1, 2]), LATER);
    expect(temp.rows('select since, until, grade from coverage order by since')).toEqual([
      { since: seconds(SINCE), until: seconds(at[0]), grade: 'metadata' },
      { since: seconds(at[0]), until: seconds(at[2]) + 1, grade: 'ids' },
      { since: seconds(at[2]) + 1, until: seconds(UNTIL), grade: 'metadata' },
    ]);
    expect(await problemsOf(temp)).toEqual([]);
  });

  it('is no loss any more once a reading has it, and the record says when it was and when it ended', async () => {
    const temp = begunLedger();
    readSlice(temp.ledger, sliceOf(SINCE, UNTIL), rowsOf([0, 1, 2]));
    const range = { since: seconds(at[0]), until: seconds(at[2]) + 1, grade: 'metadata' };
    expect(temp.rows(LOST)).toEqual([range]);
    readSlice(temp.ledger, sliceOf(SINCE, UNTIL, { purpose: 'settle' }), rowsOf([]), LATER);
    expect(temp.rows(LOST)).toEqual([]);
    const reason = 'the server lists these tasks without metadata';
    expect(temp.rows(REGAINED)).toEqual([
      { ...range, lost_at: seconds(NOW), regained_at: seconds(NOW + HOUR), reason },
    ]);
    expect(temp.ledger.picture('backlinks').losses).toEqual([]);
    expect(temp.rows('select distinct metadata_state from tasks')).toEqual([{ metadata_state: 'held' }]);
    expect(await problemsOf(temp, NOW + HOUR)).toEqual([]);
  });

  it('stays lost in the seconds whose tasks come without it still', async () => {
    const temp = begunLedger();
    readSlice(temp.ledger, sliceOf(SINCE, UNTIL), rowsOf([0, 1, 2]));
    readSlice(temp.ledger, sliceOf(SINCE, UNTIL, { purpose: 'settle' }), rowsOf([1]), LATER);
    expect(temp.rows(LOST)).toEqual([{ since: seconds(at[1]), until: seconds(at[1]) + 1, grade: 'metadata' }]);
    expect(temp.rows(REGAINED).map(({ since, until }) => [since, until])).toEqual([
      [seconds(at[0]), seconds(at[1])],
      [seconds(at[1]) + 1, seconds(at[2]) + 1],
    ]);
    expect(await problemsOf(temp, NOW + HOUR)).toEqual([]);
  });

  it.each([
    ['by ids', { grade: 'ids' as const }, [0, 1, 2]],
    ['without it once more', {}, [0, 1, 2]],
  ])('stays lost when it is read %s', (_, over, bare) => {
    const temp = begunLedger();
    readSlice(temp.ledger, sliceOf(SINCE, UNTIL), rowsOf([0, 1, 2]));
    const before = temp.rows(LOST);
    readSlice(temp.ledger, sliceOf(SINCE, UNTIL, { purpose: 'settle', ...over }), rowsOf(bare), LATER);
    expect(temp.rows(LOST)).toEqual(before);
    expect(temp.rows(REGAINED)).toEqual([]);
  });

  it('is taken back by a reading before which the clock was put back, and nothing contradicts that', async () => {
    const temp = begunLedger();
    readSlice(temp.ledger, sliceOf(SINCE, UNTIL), rowsOf([0, 1, 2]), LATER);
    readSlice(temp.ledger, sliceOf(SINCE, UNTIL, { purpose: 'settle' }), rowsOf([]));
    expect(temp.rows(LOST)).toEqual([]);
    expect(await problemsOf(temp, NOW + HOUR)).toEqual([]);
  });

  it('that claims to be had without a reading that shows it is a contradiction', async () => {
    const temp = begunLedger();
    readSlice(temp.ledger, sliceOf(SINCE, UNTIL), rowsOf([0, 1, 2]));
    temp.exec('update loss set regained_at = lost_at + 9, regained_by = (select max(id) from walk)');
    expect((await problemsOf(temp)).join()).toMatch(/claims to be had after all, which its walk 1 does not bear out/);
  });
});

describe('what was read too early to have settled', () => {
  const until = SINCE + HOUR / 2;
  const early = { at: { now: until + 60_000 }, answer: { serverDate: until + 60_000 } } as const;
  const gone = NOW + 190 * DAY;
  const lossesOf = ({ rows }: TempLedger) =>
    rows(`select since, until, grade, reason from losses where reason like '%settled' order by since`);

  it('and then left the six months is lost, for what came late cannot be had; it is told once', async () => {
    const temp = begunLedger();
    readSlice(temp.ledger, sliceOf(SINCE, until), rowsOf([]), early);
    temp.ledger.accountLosses('backlinks', NOW + DAY);
    expect(lossesOf(temp)).toEqual([]);
    temp.ledger.accountLosses('backlinks', gone);
    const reason = 'left the window before it settled';
    expect(lossesOf(temp)).toEqual([{ since: seconds(SINCE), until: seconds(until), grade: 'ids', reason }]);
    temp.ledger.accountLosses('backlinks', gone + DAY);
    expect(lossesOf(temp)).toHaveLength(1);
    expect(await problemsOf(temp, gone + DAY)).toEqual([]);
  });

  it('is lost second by second as the edge passes it', () => {
    const temp = begunLedger();
    readSlice(temp.ledger, sliceOf(SINCE, until), rowsOf([]), early);
    const passing = gone - (windowEdge('ids', gone, []) - SINCE) + 60_000;
    temp.ledger.accountLosses('backlinks', passing);
    expect(lossesOf(temp)).toMatchObject([{ since: seconds(SINCE), until: seconds(windowEdge('ids', passing, [])) }]);
  });

  it('waits for a walk that was begun in time, and is no loss once that has settled it', () => {
    const temp = begunLedger();
    readSlice(temp.ledger, sliceOf(SINCE, until), rowsOf([]), early);
    const walk = temp.ledger.beginWalk(sliceOf(SINCE, until, { purpose: 'settle', grade: 'ids' }), NOW);
    temp.ledger.accountLosses('backlinks', gone);
    expect(lossesOf(temp)).toEqual([]);
    temp.ledger.endWalk(walk, 'dropped', NOW);
    readSlice(temp.ledger, sliceOf(SINCE, until, { purpose: 'settle', grade: 'ids' }), rowsOf([]), {
      at: { ...circumstances, now: NOW },
    });
    temp.ledger.accountLosses('backlinks', gone);
    expect(lossesOf(temp)).toEqual([]);
  });
});

describe('what leaves the window second by second', () => {
  it('is a loss a day on record and one range to plan by', () => {
    const temp = begunLedger();
    const edge = NOW - 200 * DAY;
    withDatabase(temp.path, {}, (database) => {
      const { lose } = createCoverageStore(database);
      const each = 60_000;
      const minutely = database.transaction(() => {
        for (let at = 0; at < 3 * DAY; at += each)
          lose(1, { since: edge + at, until: edge + at + each, grade: 'ids', lostAt: NOW + at, reason: 'left' });
      });
      minutely();
    });
    const rows = temp.rows('select since, until, lost_at from losses order by since');
    expect(rows.map(({ since }) => (Number(since) * 1000 - edge) / HOUR)).toEqual([0, 24, 48, 71]);
    for (const { since, lost_at } of rows) expect((Number(lost_at) - Number(since)) * 1000).toBe(NOW - edge);
    const open = openForReading(temp.path);
    const [picture] = readPictures(open, ['backlinks']);
    open.close();
    expect(picture?.losses).toEqual([{ since: edge, until: edge + 3 * DAY, grade: 'ids' }]);
  });
});
