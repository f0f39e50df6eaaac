import { describe, expect, it } from 'vitest';
import { asRow, HOUR, listed, NOW, readSlice, sliceOf, tempLedger } from '../support/ledger.ts';

const SINCE = NOW - 10 * HOUR;
const SLICE = sliceOf(SINCE, SINCE + HOUR);
const at = (offset: number) => SINCE + offset;
const task = (id: string, postedAt: number, doneAt: number) => asRow(listed(id, postedAt, { doneAt }));

describe('the column that the server filters by', () => {
  it('is learned with the call that showed it, and is a doubt for each task that contradicts it later', () => {
    const temp = tempLedger();
    const ledger = temp.open();
    readSlice(ledger, SLICE, [task('plain', at(1000), at(2000))]);
    expect(temp.rows('select * from fact')).toEqual([]);
    readSlice(ledger, SLICE, [task('late', at(1000), at(2 * HOUR))]);
    expect(temp.rows('select name, value, call from fact')).toEqual([{ name: 'filter', value: 'posted', call: 2 }]);
    readSlice(ledger, SLICE, [task('early', at(-HOUR), at(1000)), task('late', at(1000), at(2 * HOUR))]);
    expect(temp.rows('select name, value, call from fact')).toEqual([{ name: 'filter', value: 'posted', call: 2 }]);
    expect(temp.rows('select kind, task_id from doubts')).toContainEqual({ kind: 'filter', task_id: 'early' });
    expect(temp.rows(`select count(*) as n from doubts where task_id = 'late'`)).toEqual([{ n: 0 }]);
  });
});
