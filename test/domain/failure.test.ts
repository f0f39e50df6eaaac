import { describe, expect, it } from 'vitest';
import type { DataForSeoErrorCode, DataForSeoErrorDetails } from '../../src/domain/errors.ts';
import { DataForSeoError } from '../../src/domain/errors.ts';
import type { AfterFailure } from '../../src/domain/failure.ts';
import {
  afterFailure,
  FAILURES_OF_A_HALF,
  halves,
  isDue,
  LEAVE_AFTER,
  pauseMs,
  setAside,
} from '../../src/domain/failure.ts';
import { begunWalk } from '../support/walk.ts';

const PERIOD = 60_000;
const NOW = Date.UTC(2024, 4, 15, 12);

const walk = begunWalk({
  api: 'backlinks',
  purpose: 'backfill',
  grade: 'metadata',
  range: { since: NOW - 3_600_000, until: NOW - 600_000 },
  limit: 1000,
  openingPages: 0,
});

const others = { now: NOW, periodMs: PERIOD, othersSucceed: true, isPlausible: true, isRepeated: false };
const nobody = { ...others, othersSucceed: false };
const failed = (code: DataForSeoErrorCode, details: DataForSeoErrorDetails = {}) =>
  new DataForSeoError(code, 'it failed', details);
const walkAfter = (after: AfterFailure) => {
  if (after.kind !== 'retry' && after.kind !== 'set_aside') throw new Error(`no walk goes on after ${after.kind}`);
  return after.walk;
};

describe('I8 a failure of one slice stops that slice only', () => {
  const decisions: readonly (readonly [DataForSeoErrorCode, AfterFailure['kind'], AfterFailure['kind']])[] = [
    ['throttled', 'wait_for_server', 'wait_for_server'],
    ['unavailable', 'retry', 'wait_for_server'],
    ['account_refused', 'park', 'park'],
    ['api_refused', 'stop_api', 'stop_api'],
    ['too_old', 'retry', 'retry'],
    ['not_past', 'shifted', 'shifted'],
    ['rejected', 'set_aside', 'set_aside'],
  ];

  it('too_old is believed at once where an edge is only guessed', () => {
    expect(afterFailure({ ...walk, openingPages: 5 }, failed('too_old'), others).kind).toBe('expired');
    expect(afterFailure({ ...walk, openingPages: 5, calls: 1 }, failed('too_old'), others).kind).toBe('retry');
  });

  it('too_old is believed when it comes twice, and never where no window could be so narrow', () => {
    const first = afterFailure(walk, failed('too_old'), others);
    expect(first).toMatchObject({ kind: 'retry', walk: { failures: 1, retryAt: NOW } });
    const again = { ...others, isRepeated: true };
    expect(afterFailure({ ...walk, failures: 1 }, failed('too_old'), again).kind).toBe('expired');
    expect(afterFailure({ ...walk, failures: 1 }, failed('too_old'), { ...again, isPlausible: false }).kind).toBe(
      'retry',
    );
  });

  it('too_old after a failure of another kind is still the first of its kind', () => {
    expect(afterFailure({ ...walk, failures: 1 }, failed('too_old'), others).kind).toBe('retry');
  });

  it.each(decisions)('%s: %s while others succeed, else %s', (code, alone, together) => {
    expect(afterFailure(walk, failed(code), others).kind).toBe(alone);
    expect(afterFailure(walk, failed(code), nobody).kind).toBe(together);
  });

  it('a slice waits longer after each failure', () => {
    expect(walkAfter(afterFailure(walk, failed('unavailable'), others))).toEqual({
      ...walk,
      failures: 1,
      retryAt: NOW + PERIOD / 10,
      failure: 'it failed',
    });
    expect(walkAfter(afterFailure({ ...walk, failures: 1 }, failed('unavailable'), others)).retryAt).toBe(
      NOW + PERIOD / 5,
    );
  });

  it('a slice is halved at its third failure, down to one second', () => {
    expect(afterFailure({ ...walk, failures: 2 }, failed('unavailable'), others)).toEqual({ kind: 'halve' });
    expect(afterFailure({ ...walk, failures: FAILURES_OF_A_HALF }, failed('unavailable'), others).kind).toBe('halve');
    const second = { ...walk, failures: 5, range: { since: NOW, until: NOW + 1000 } };
    expect(walkAfter(afterFailure(second, failed('unavailable'), others)).failures).toBe(6);
  });

  it('a slice that fails with everything else is neither blamed nor halved', () => {
    expect(afterFailure({ ...walk, failures: 20 }, failed('unavailable'), nobody)).toEqual({ kind: 'wait_for_server' });
  });

  it('a page that is too large is asked for with half the rows, but never fewer than two: they overlap by one', () => {
    const limits: number[] = [];
    let current = walk;
    while (current.limit > 2) {
      current = walkAfter(afterFailure(current, failed('unavailable', { tooLarge: true }), others));
      limits.push(current.limit);
    }
    expect(limits).toEqual([500, 250, 125, 63, 32, 16, 8, 4, 2]);
    expect(current).toMatchObject({ failures: 0, failedLimit: 4, retryAt: NOW + PERIOD / 10 });
    expect(
      walkAfter(afterFailure({ ...walk, limit: 3 }, failed('unavailable', { tooLarge: true }), others)).limit,
    ).toBe(2);
    const blamed = walkAfter(afterFailure(current, failed('unavailable', { tooLarge: true }), others));
    expect(blamed).toMatchObject({ limit: 2, failures: 1 });
    expect(afterFailure({ ...current, failures: 2 }, failed('unavailable', { tooLarge: true }), others).kind).toBe(
      'halve',
    );
  });

  it('what is wrong in itself is set aside for 60 periods', () => {
    const aside = walkAfter(afterFailure(walk, failed('rejected'), others));
    expect(aside).toMatchObject({ failures: LEAVE_AFTER, retryAt: NOW + 60 * PERIOD, failure: 'it failed' });
    expect(setAside({ ...walk, failures: 11 }, 'why', others).failures).toBe(12);
  });
});

describe('pauses', () => {
  it('double from a tenth of the period and end at 60 periods', () => {
    expect([1, 2, 3, 4].map((failures) => pauseMs(failures, PERIOD))).toEqual([6_000, 12_000, 24_000, 48_000]);
    expect(pauseMs(10, PERIOD)).toBe(51.2 * PERIOD);
    for (const failures of [11, 12, 40, 2_000]) expect(pauseMs(failures, PERIOD)).toBe(60 * PERIOD);
  });
});

describe('halves', () => {
  it.each([2, 3, 61, 3600])('of %i seconds are whole seconds and make the whole', (seconds) => {
    const [first, last] = halves({ ...walk, range: { since: NOW, until: NOW + seconds * 1000 } });
    expect(first).toEqual({ since: NOW, until: NOW + Math.ceil(seconds / 2) * 1000 });
    expect(last).toEqual({ since: first.until, until: NOW + seconds * 1000 });
    expect(last.until).toBeGreaterThan(last.since);
  });
});

describe('a slice that waits for its turn', () => {
  const periodMs = 60_000;
  const now = 1_000_000_000;

  it('is due when its pause is over, and not before', () => {
    expect(isDue({ retryAt: null, failures: 0 }, now, periodMs)).toBe(true);
    expect(isDue({ retryAt: now, failures: 1 }, now, periodMs)).toBe(true);
    expect(isDue({ retryAt: now + 6_000, failures: 1 }, now, periodMs)).toBe(false);
    expect(isDue({ retryAt: now + 60 * periodMs, failures: LEAVE_AFTER }, now, periodMs)).toBe(false);
  });

  it('is due when the clock went back since: it would wait for longer than any pause', () => {
    expect(isDue({ retryAt: now + 6_000 + 3_600_000, failures: 1 }, now, periodMs)).toBe(true);
    expect(isDue({ retryAt: now + 61 * periodMs, failures: LEAVE_AFTER }, now, periodMs)).toBe(true);
  });
});
