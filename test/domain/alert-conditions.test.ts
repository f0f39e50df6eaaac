import { describe, expect, it } from 'vitest';
import { conditionsOf, type AlertTerms } from '../../src/domain/alert-conditions.ts';
import type { AlertMemory } from '../../src/domain/alert-decision.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import { AT, gapOf, iso, lateSnapshot, MINUTE, TERMS, wellSnapshot } from '../alerts/pictures.ts';

function seen(snapshot: Snapshot, over: Partial<AlertTerms> = {}, memory: readonly AlertMemory[] = []): string[] {
  return conditionsOf(snapshot, { ...TERMS, ...over }, memory).map(({ kind, api, severity, count, ...is }) => {
    const words = (['muted', 'unsure'] as const).filter((word) => is[word]);
    return [kind, ...(api === null ? [] : [api]), severity, ...words, ...(count > 0 ? [count] : [])].join(' ');
  });
}

function told(kind: AlertMemory['kind'], over: Partial<AlertMemory> = {}): AlertMemory {
  return { kind, api: null, since: AT, seenAt: AT, clearSince: null, told: 1, toldAt: AT, count: 0, ...over };
}

it('nothing is wrong with a daemon that is well', () => {
  expect(seen(wellSnapshot())).toEqual([]);
});

describe('parked', () => {
  it('is what the daemon says of itself, and explains why it lags', () => {
    expect(seen(wellSnapshot({ state: 'parked' }))).toEqual(['parked 2']);
    expect(seen(lateSnapshot(60, { state: 'parked' }))).toEqual(['parked 2', 'behind backlinks 1 muted']);
    expect(seen(wellSnapshot({ state: 'waiting' }))).toEqual([]);
  });

  it('that was told is not over, and explains as before, until a call is answered well, whatever else the daemon says', () => {
    const memory = [told('parked', { told: 2 })];
    const silent = { isAnswered: () => false };
    for (const state of ['idle', 'harvesting', 'waiting', 'stopped'] as const)
      expect(seen(lateSnapshot(60, { state }), silent, memory)).toEqual([
        'parked 2 unsure',
        'behind backlinks 1 muted',
      ]);
    expect(seen(wellSnapshot({ state: 'parked' }), {}, memory)).toEqual(['parked 2']);
    expect(seen(wellSnapshot({ state: 'waiting' }), {}, memory)).toEqual([]);
    expect(seen(lateSnapshot(60, { state: 'waiting' }), silent, [told('parked', { told: 0 })])).toEqual([
      'behind backlinks 1',
    ]);
  });
});

describe('an API that is refused while others answer', () => {
  const refused = { serp: { since: iso(AT - MINUTE), until: iso(AT + MINUTE), code: '40204', reason: 'Activate it.' } };

  it('is parked by itself, and explains why it lags; where all is parked that says it already', () => {
    expect(seen(wellSnapshot({ refused }))).toEqual(['parked serp 2']);
    expect(seen(wellSnapshot({ refused, state: 'parked' }))).toEqual(['parked 2', 'parked serp 2 muted']);
    const own = { backlinks: refused.serp };
    expect(seen(lateSnapshot(60, { refused: own }))).toEqual(['parked backlinks 2', 'behind backlinks 1 muted']);
  });
});

describe('behind', () => {
  it('is a reading that ended more than three periods and the lag ago', () => {
    expect(seen(lateSnapshot(3.5))).toEqual([]);
    expect(seen(lateSnapshot(3.6))).toEqual(['behind backlinks 1']);
    expect(seen(lateSnapshot(15), { tailEveryMs: () => 5 * MINUTE })).toEqual([]);
  });

  it('is an API of which nothing was read yet', () => {
    const { coverage, tail } = wellSnapshot();
    const unread = { since: null, until: null, complete: false, gaps: [], losses: [], unsettled: [] };
    const noTail = { readUpTo: null, readAt: null, newestTask: null, behindSeconds: null };
    expect(seen(wellSnapshot({ coverage: { ...coverage, serp: unread }, tail: { ...tail, serp: noTail } }))).toEqual([
      'behind serp 1',
    ]);
  });

  const withGap = (since: number, until: number) => {
    const { coverage } = wellSnapshot();
    return wellSnapshot({ coverage: { backlinks: { ...coverage['backlinks']!, gaps: [gapOf(since, until)] } } });
  };

  it('is what was left out since this daemon runs, though the newest is read; what is older is its backlog', () => {
    expect(seen(withGap(AT - 20 * MINUTE, AT - 10 * MINUTE))).toEqual(['behind backlinks 1']);
    expect(seen(withGap(AT - 20 * MINUTE, AT - 18 * MINUTE))).toEqual([]);
    expect(seen(withGap(AT - 900 * MINUTE, AT - 61 * MINUTE))).toEqual([]);
    expect(seen(withGap(AT - 3 * MINUTE, AT))).toEqual([]);
  });

  it('that was told before a restart is so until it is read', () => {
    const gap = withGap(AT - 20 * MINUTE, AT - 10 * MINUTE);
    const restarted = { runsForMs: () => MINUTE };
    expect(seen(gap, restarted)).toEqual([]);
    expect(seen(gap, restarted, [told('behind', { api: 'backlinks', since: AT - 15 * MINUTE })])).toEqual([
      'behind backlinks 1',
    ]);
    expect(seen(gap, restarted, [told('behind', { api: 'serp', since: AT - 15 * MINUTE })])).toEqual([]);
  });
});

describe('loss ahead', () => {
  it('is what expires unread within a day', () => {
    const expiring = (hours: number) => {
      const expiresAt = iso(AT + hours * 60 * MINUTE);
      const stretch = { ...gapOf(AT - 1e9, AT - 9e8), api: 'backlinks', expiresAt, reason: 'too much' };
      const { backlog } = wellSnapshot();
      return wellSnapshot({ backlog: { ...backlog, willExpire: [stretch] } });
    };
    expect(seen(expiring(25))).toEqual([]);
    expect(seen(expiring(23))).toEqual(['loss_ahead 2']);
    expect(seen(expiring(-1))).toEqual(['loss_ahead 2']);
  });
});

describe('doubts', () => {
  it('are as many as there are', () => {
    expect(seen(wellSnapshot({ doubts: 7 }))).toEqual(['doubt 1 7']);
  });
});

describe('the disk', () => {
  const withDisk = (freeBytes: number, daysLeft: number | null = null) =>
    wellSnapshot({ disk: { freeBytes, totalBytes: 100e9, bytesPerDay: 1e6, daysLeft, state: 'ok' } });

  it('is low, then full', () => {
    expect(seen(withDisk(50e9, 13))).toEqual(['disk 1']);
    expect(seen(withDisk(0.9e9))).toEqual(['disk 1']);
    expect(seen(withDisk(0.1e9))).toEqual(['disk 2']);
    expect(seen(wellSnapshot({ disk: null }))).toEqual(['disk 1 unsure']);
  });

  it('that was told to be low is well again only by a quarter more', () => {
    expect(seen(withDisk(1.1e9))).toEqual([]);
    expect(seen(withDisk(1.1e9), {}, [told('disk')])).toEqual(['disk 1']);
    expect(seen(withDisk(1.3e9), {}, [told('disk')])).toEqual([]);
    expect(seen(withDisk(50e9, 17), {}, [told('disk')])).toEqual(['disk 1']);
    expect(seen(withDisk(50e9, 18), {}, [told('disk')])).toEqual([]);
  });
});
