import { describe, expect, it } from 'vitest';
import { lastLookRange, lastLooks, oldEvidence } from '../../src/domain/aging.ts';
import type { Segment } from '../../src/domain/coverage.ts';
import { dueRechecks, recheckAt, settlingSlice, slicesAgain, type SettlingMoment } from '../../src/domain/settling.ts';
import type { Grade } from '../../src/domain/task.ts';
import { windowEdge } from '../../src/domain/window.ts';
import { EMPTY_PICTURE } from '../support/picture.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2024, 4, 15, 12);
const UPPER = NOW - 30_000;
const EDGES: Record<Grade, number> = { ids: windowEdge('ids', NOW, []), metadata: windowEdge('metadata', NOW, []) };

const empty = EMPTY_PICTURE;
const read = (since: number, until: number, settledAt: number | null): Segment => ({
  since, until, settledAt, grade: 'metadata', walkId: 1,
}); // prettier-ignore
const whole = { ...empty, segments: [read(EDGES.ids - DAY, UPPER, NOW)] };
const at: SettlingMoment = { now: NOW, upper: UPPER, settleMs: HOUR, readingMs: 480_000, limit: 1000, mostPages: 20 };
/** A task in each ten minutes. */
const terms = {
  limit: 1000,
  rowsIn: ({ since, until }: { since: number; until: number }) => (until - since) / 600_000,
};

describe('settling', () => {
  it('is due once something has waited twice as long as tasks may move', () => {
    const of = { ...empty, segments: [read(UPPER - 2 * HOUR, UPPER, null)] };
    const range = { since: UPPER - 2 * HOUR, until: UPPER - HOUR };
    expect(settlingSlice(of, at)).toEqual({ range, grade: 'metadata', pages: 1 });
    expect(settlingSlice(of, { ...at, upper: UPPER - 1000 })).toBeNull();
  });

  it('takes what is covered and unsettled, oldest first, and neither gaps nor what a walk reads already', () => {
    const early = [read(UPPER - 8 * HOUR, UPPER - 7 * HOUR, null), read(UPPER - 6 * HOUR, UPPER, null)];
    const of = { ...empty, segments: early };
    expect(settlingSlice(of, at)?.range).toEqual({ since: UPPER - 8 * HOUR, until: UPPER - 7 * HOUR });
    const taken = [{ since: UPPER - 9 * HOUR, until: UPPER - 5 * HOUR }];
    expect(settlingSlice({ ...of, taken }, at)?.range).toEqual({ since: UPPER - 5 * HOUR, until: UPPER - HOUR });
  });

  it('reads ids where the month has gone by, and nothing that has left the half year', () => {
    const old = read(EDGES.metadata - DAY, EDGES.metadata - DAY + HOUR, null);
    const gone = read(EDGES.ids - DAY, EDGES.ids + 100_000, null);
    expect(settlingSlice({ ...empty, segments: [gone] }, at)).toBeNull();
    expect(settlingSlice({ ...empty, segments: [gone, old] }, at)).toMatchObject({
      grade: 'ids',
      range: { since: old.since },
    });
  });

  it('is never due where all has settled or nothing is covered', () => {
    expect(settlingSlice(empty, at)).toBeNull();
    expect(settlingSlice({ ...empty, segments: [read(UPPER - 9 * HOUR, UPPER, NOW)] }, at)).toBeNull();
  });
});

describe('a reading that found something', () => {
  const range = { since: NOW - 2 * HOUR, until: NOW - HOUR };

  it('is followed by another when its stretch is four times as old, again and again', () => {
    let age = HOUR;
    const ages: number[] = [];
    for (let reading = 0; reading < 4; reading += 1) {
      ages.push(age / HOUR);
      age = recheckAt(range, range.until + age, HOUR) - range.until;
    }
    expect(ages).toEqual([1, 4, 16, 64]);
  });

  it('is followed by none before the stretch could have settled', () => {
    expect(recheckAt(range, range.until, HOUR)).toBe(range.until + 4 * HOUR);
  });

  it('is due at its time, at the grade that the server still has, in both parts where it reaches out of the month', () => {
    const edge = EDGES.metadata;
    const old = { since: edge - HOUR, until: edge + HOUR, dueAt: NOW };
    expect(dueRechecks(whole, [{ ...old, dueAt: NOW + 1 }], { moment: at, terms })).toEqual([]);
    const due = dueRechecks(whole, [old], { moment: at, terms });
    expect(due.map(({ grade }) => grade)).toEqual(['ids', 'metadata']);
    expect(due[0]?.range.since).toBe(old.since);
    expect(due[1]?.range.until).toBe(old.until);
    // Nothing may leave the month while it is read.
    expect((due[1]?.range.since ?? 0) - edge).toBeGreaterThanOrEqual(at.readingMs);
  });

  it('waits where a walk is reading there, and is nothing where nothing is covered', () => {
    const due = { ...range, dueAt: NOW };
    const taken = [{ since: range.since + 60_000, until: range.since + 61_000 }];
    const slices = slicesAgain({ ...whole, taken }, [due], { moment: at, terms });
    expect(slices.map((slice) => slice.range)).toEqual([
      { since: range.since, until: range.since + 60_000 },
      { since: range.since + 61_000, until: range.until },
    ]);
    expect(slicesAgain(empty, [due], { moment: at, terms })).toEqual([]);
  });
});

describe('the last look before the month is over', () => {
  const range = lastLookRange(whole, at);
  const piece = (fromHours: number, hours: number, readAt: number) => ({
    since: range.since + fromHours * HOUR, until: range.since + (fromHours + hours) * HOUR, readAt,
  }); // prettier-ignore

  it('takes a day at once, when some of it leaves within half a day', () => {
    const day = [piece(11, 1, NOW - 20 * DAY), piece(12, 24, NOW - 19 * DAY)];
    expect(lastLooks(day, range, NOW)).toEqual(day);
    expect(lastLooks(day.slice(1), range, NOW)).toEqual([]);
  });

  it('was taken where somebody has looked within three days', () => {
    expect(lastLooks([piece(0, 30, NOW - 3 * DAY)], range, NOW)).toEqual([]);
  });

  it('ends before its first second leaves the month', () => {
    expect(range.since - EDGES.metadata).toBeGreaterThanOrEqual(at.readingMs);
  });
});

describe('old evidence', () => {
  const month = (n: number, ageDays: number) => ({ since: n * DAY, until: (n + 1) * DAY, readAt: NOW - ageDays * DAY });

  it('is proven anew after a month, with what lies beside it and is not much younger', () => {
    const aged = [month(0, 30), month(1, 21), month(2, 19), month(3, 40)];
    expect(oldEvidence(aged, NOW)).toEqual(aged.slice(0, 2));
    expect(oldEvidence([month(0, 29), month(1, 40)], NOW)).toEqual([]);
    expect(oldEvidence([], NOW)).toEqual([]);
  });
});
