import { describe, expect, it } from 'vitest';
import { openForReading } from '../../src/ledger/database.ts';
import { createJournalFolder, type Folded } from '../../src/ledger/fold-journal.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import {
  asRow,
  DAY,
  endOf,
  HOUR,
  listed,
  NOW,
  readSlice,
  sliceOf,
  startOf,
  tempLedger,
  withDatabase,
  type TempLedger,
} from '../support/ledger.ts';

const MINUTE = 60_000;
const LATER = NOW + 36 * DAY;

const at = (now: number) => ({ now, metadataEdge: now - 31 * DAY });

/** A thousand calls of a day, so that the ones before are not the newest. */
function callAThousandTimes(ledger: Ledger, day = LATER): void {
  const walk = ledger.beginWalk(sliceOf(day - HOUR, day - HOUR + 1000, { purpose: 'verify' }), day);
  for (let n = 0; n < 1_000; n += 1) {
    const id = ledger.journal.begin(startOf(walk, { sentAt: day }));
    ledger.journal.end(id, endOf({ answeredAt: day, code: 50_000, rows: null }));
  }
}

/** An hour of tail reads, one a minute, and the reading in which it settled; then five weeks go by. */
function readAnHour(ledger: Ledger, over: { settled?: boolean } = {}): void {
  const from = NOW - 3 * HOUR;
  for (let minute = 10; minute <= 60; minute += 10) {
    const until = from + minute * MINUTE;
    readSlice(ledger, sliceOf(from, until, { purpose: 'tail' }), [asRow(listed('a', from + 1000))], {
      at: at(until + MINUTE),
    });
  }
  if (over.settled !== false)
    readSlice(ledger, sliceOf(from, from + HOUR, { purpose: 'settle' }), [asRow(listed('a', from + 1000))], {
      at: at(NOW),
    });
}

function fold(temp: TempLedger, now = LATER): Folded {
  return withDatabase(temp.path, {}, (database) => {
    database.pragma('foreign_keys = on');
    return createJournalFolder(database).fold(now);
  });
}

async function problemsOf(temp: TempLedger): Promise<readonly string[]> {
  const database = openForReading(temp.path);
  try {
    const terms = { apis: ['backlinks'], wallNow: LATER, onProgress: () => undefined };
    const { problems } = await verifyLedger(database, terms, new AbortController().signal);
    return problems.filter(({ check }) => check !== 'gaps').map(({ text }) => text);
  } finally {
    database.close();
  }
}

function harvested(over: { settled?: boolean } = {}): TempLedger {
  const temp = tempLedger();
  const ledger = temp.open();
  readAnHour(ledger, over);
  callAThousandTimes(ledger);
  ledger.close();
  return temp;
}

describe('calls of five weeks ago', () => {
  it('whose range has settled under a newer reading are folded into sums by day, and nothing is missing', async () => {
    const temp = harvested();
    const byDay = temp.rows('select * from calls_by_day');
    const covering = temp.rows(`select * from calls where purpose = 'settle'`);
    const coverage = temp.rows('select * from coverage');
    expect(fold(temp)).toEqual({ walks: 6, calls: 6, more: false });
    expect(temp.rows('select * from calls_by_day')).toEqual(byDay);
    expect(temp.rows('select purpose, calls, failed, throttled, rows from call_day')).toEqual([
      { purpose: 'tail', calls: 6, failed: 0, throttled: 0, rows: 6 },
    ]);
    expect(temp.value(`select count(*) from calls where purpose = 'tail'`)).toBe(0);
    expect(temp.rows(`select * from calls where purpose = 'settle'`)).toEqual(covering);
    expect(temp.rows('select * from coverage')).toEqual(coverage);
    expect(await problemsOf(temp)).toEqual([]);
    expect(fold(temp)).toEqual({ walks: 0, calls: 0, more: false });
  });

  it.each([
    ['have not settled', { settled: false }, ''],
    ['are not so old', {}, 'LATER'],
    [
      'showed something',
      {},
      `insert into fact select 1, 'filter', 'posted', 0, id from call where purpose = 'tail'
      and id = (select min(id) from call)`,
    ],
  ])('that %s stay', (_what, over, sql) => {
    const temp = harvested(over);
    if (sql !== '' && sql !== 'LATER') temp.exec(sql);
    const before = Number(temp.value('select count(*) from call'));
    const { calls } = fold(temp, sql === 'LATER' ? NOW + 34 * DAY : LATER);
    // The tail reads whose seconds a later one covers count as unsettled too.
    expect(calls).toBe(sql.startsWith('insert') ? 5 : 0);
    expect(temp.value('select count(*) from call')).toBe(before - calls);
  });

  it('are kept where a segment owes its metadata to them', async () => {
    const temp = harvested();
    temp.exec(
      `update walk set grade = 'ids' where purpose = 'settle'; update call set grade = 'ids' where purpose = 'settle'`,
    );
    expect(fold(temp).calls).toBe(0);
    expect(await problemsOf(temp)).toEqual([]);
  });

  it('are never the newest thousand: the budget of the next process is told by them', () => {
    const temp = tempLedger();
    const ledger = temp.open();
    readAnHour(ledger);
    ledger.close();
    expect(fold(temp).calls).toBe(0);
  });

  it('that a newer reading makes superfluous only later are folded later, by the same process, though each day others grow old', () => {
    const temp = tempLedger();
    const ledger = temp.open();
    const read = (day: number, now: number) => {
      const since = NOW - 3 * HOUR + day * DAY;
      const slice = sliceOf(since, since + HOUR, { purpose: 'settle' });
      readSlice(ledger, slice, [asRow(listed(`t${day}`, since))], { at: at(now) });
    };
    for (let day = 0; day < 4; day += 1) read(day, NOW + day * DAY);
    withDatabase(temp.path, {}, (database) => {
      database.pragma('foreign_keys = on');
      const { fold } = createJournalFolder(database);
      expect(fold(LATER)).toEqual({ walks: 0, calls: 0, more: false });
      read(0, LATER);
      callAThousandTimes(ledger);
      expect(fold(LATER + DAY)).toEqual({ walks: 1, calls: 1, more: false });
      expect(fold(LATER + 2 * DAY)).toEqual({ walks: 0, calls: 0, more: false });
    });
  });

  it('that vanish otherwise are named by verify', async () => {
    const temp = harvested();
    fold(temp);
    temp.exec('update call_day set calls = calls - 1');
    expect((await problemsOf(temp)).join('\n')).toMatch(/1,?006|1006|calls were made.*folded/);
  });
});
