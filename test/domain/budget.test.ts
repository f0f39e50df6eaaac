import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnsweredCall, BudgetTerms, PastCall } from '../../src/domain/budget.ts';
import {
  allFree,
  freeTokens,
  isTrusted,
  nextFreeAt,
  onThisClock,
  returnToken,
  takeToken,
  throttle,
  tokenBackAfterFailure,
  tokenBackAt,
  tokensAtStart,
  tokensInUse,
} from '../../src/domain/budget.ts';
import type { Rules, World } from './budget-model.ts';
import { mostInAnyPeriod, runModel } from './budget-model.ts';

const terms = { calls: 10, periodMs: 60_000 };
const WHOLE = 60_300;
const rules: Rules = { tokensAtStart, tokenBackAt, tokenBackAfterFailure };

const call = (over: Partial<AnsweredCall> = {}): AnsweredCall => ({
  sentMono: 1_000,
  headersMono: 5_900,
  answeredMono: 6_000,
  executionMs: 4_500,
  ...over,
});

describe('a token', () => {
  it('comes back one period and half a percent after its answer, less the time the server took', () => {
    expect(tokenBackAt(terms, call(), true)).toBe(6_000 - 4_500 + WHOLE);
    expect(tokenBackAt(terms, call({ executionMs: 5_000 }), true)).toBe(1_000 + WHOLE);
    expect(tokenBackAt(terms, call({ executionMs: 0 }), true)).toBe(5_900 + WHOLE);
  });

  it('comes back one period after the answer began where the time is not told, not trusted or not possible', () => {
    const later = 5_900 + WHOLE;
    expect(tokenBackAt(terms, call({ executionMs: null }), true)).toBe(later);
    expect(tokenBackAt(terms, call(), false)).toBe(later);
    expect(tokenBackAt(terms, call({ executionMs: 5_001 }), true)).toBe(later);
    expect(tokenBackAt(terms, call({ executionMs: -1 }), true)).toBe(later);
    expect(tokenBackAt(terms, call({ executionMs: NaN }), true)).toBe(later);
  });

  it('of a call without an answer waits for a packet that is 5 s late, or half a period', () => {
    expect(tokenBackAfterFailure(terms, 1_000)).toBe(6_000 + WHOLE);
    expect(tokenBackAfterFailure({ periodMs: 1_000 }, 1_000)).toBe(1_500 + 1_005);
  });

  it('is taken when free, in flight until it is returned, and free again at its moment', () => {
    const one = { calls: 1, periodMs: 60_000 };
    const taken = takeToken(allFree(one), 0)!;
    expect(takeToken(taken, 1e12)).toBeNull();
    expect(nextFreeAt(taken, 0)).toBe(Infinity);
    const returned = returnToken(taken, 500);
    expect(takeToken(returned, 499)).toBeNull();
    expect(nextFreeAt(returned, 0)).toBe(500);
    expect(takeToken(returned, 500)).not.toBeNull();
    expect(takeToken(returnToken(taken, -Infinity), 0)).not.toBeNull();
  });
});

describe('a throttle', () => {
  const inFlight = (count: number) =>
    Array.from({ length: count }).reduce<ReturnType<typeof allFree>>((state) => takeToken(state, 0)!, allFree(terms));

  it('takes all tokens for a period, and one of them for 15 more', () => {
    const state = throttle(inFlight(1), terms, { answeredMono: 0, retryAfterMs: null });
    expect(freeTokens(state, WHOLE - 1)).toBe(0);
    expect(freeTokens(state, WHOLE)).toBe(9);
    expect(freeTokens(state, WHOLE + 15 * 60_000)).toBe(10);
  });

  it('lasts as long as Retry-After says, when that is longer, but at most an hour of periods', () => {
    const free = (retryAfterMs: number) => throttle(inFlight(1), terms, { answeredMono: 0, retryAfterMs }).pausedUntil;
    expect(free(1_000)).toBe(WHOLE);
    expect(free(120_000)).toBe(120_600);
    expect(free(1e15)).toBe(60 * WHOLE);
  });

  it('withdraws one token however many calls it hits', () => {
    let state = inFlight(4);
    for (const answeredMono of [0, 10, 20, 30]) state = throttle(state, terms, { answeredMono, retryAfterMs: null });
    expect(freeTokens(state, 30 + WHOLE)).toBe(9);
  });

  it('withdraws another token when it comes again, and never the last one', () => {
    let state = allFree(terms);
    let now = 0;
    for (let pause = 0; pause < 12; pause += 1) {
      state = throttle(takeToken(state, now)!, terms, { answeredMono: now, retryAfterMs: null });
      now = state.pausedUntil;
      expect(freeTokens(state, now)).toBe(Math.max(10 - pause - 1, 1));
    }
    const single = throttle(
      takeToken(allFree({ ...terms, calls: 1 }), 0)!,
      { ...terms, calls: 1 },
      { answeredMono: 0, retryAfterMs: null },
    );
    expect(freeTokens(single, WHOLE)).toBe(1);
  });

  it('holds back the tokens of calls that are answered during the pause', () => {
    const state = throttle(inFlight(2), terms, { answeredMono: 50_000, retryAfterMs: null });
    expect(nextFreeAt(returnToken(state, 60_000), 0)).toBe(50_000 + WHOLE);
  });

  it('makes the time of the server untrusted for 1,440 periods', () => {
    const state = throttle(inFlight(1), terms, { answeredMono: 0, retryAfterMs: null });
    expect(isTrusted(state, 1_440 * 60_000)).toBe(false);
    expect(isTrusted(state, WHOLE + 1_440 * 60_000)).toBe(true);
    expect(isTrusted(allFree(terms), 0)).toBe(true);
  });
});

describe('the tokens at a start', () => {
  const start = { mono: 1_000_000, wall: 1_700_001_000_000, boot: 'a' };
  const failedNow = start.mono + 5_000 + WHOLE;
  const past = (sentMono: number, backMono: number | null, over: Partial<PastCall> = {}): PastCall => ({
    sentAt: 1_700_000_000_000 + sentMono,
    sentMono,
    boot: 'a',
    periodMs: 60_000,
    answered: backMono === null ? null : { answeredAt: 0, tokenBackMono: backMono, throttled: false },
    ...over,
  });

  it('are all free when nothing was ever sent', () => {
    expect(freeTokens(tokensAtStart(terms, [], start), start.mono)).toBe(10);
  });

  it('go on exactly in the same boot', () => {
    const state = tokensAtStart(terms, [past(990_000, 1_050_000), past(900_000, 960_000)], start);
    expect(tokensInUse(state, start.mono)).toBe(1);
    expect(nextFreeAt(state, start.mono)).toBe(1_050_000);
  });

  it('count a call that was never answered as failed now', () => {
    const state = tokensAtStart(terms, [past(100, null), past(990_000, 1_050_000)], start);
    expect(tokensInUse(state, start.mono)).toBe(2);
    expect(tokensInUse(state, failedNow - 1)).toBe(1);
    expect(tokensInUse(state, failedNow)).toBe(0);
  });

  it.each([
    ['of another boot', [past(990_000, 900_000, { boot: 'b' })]],
    ['from before a jump of the wall clock', [past(990_000, 900_000, { sentAt: 1_700_000_990_000 - 5_001 })]],
    ['from the future', [past(1_000_001, 900_000)]],
    ['whose token would be back later than any pause lasts', [past(990_000, 1_000_000 + 62 * WHOLE)]],
    ['whose token is back at no time', [past(990_000, NaN)]],
  ])('count calls %s as failed now', (_name, history) => {
    const state = tokensAtStart(terms, history, start);
    expect(tokensInUse(state, failedNow - 1)).toBe(1);
    expect(tokensInUse(state, failedNow)).toBe(0);
  });

  it('never count more calls than there are tokens, and keep the latest', () => {
    const history = Array.from({ length: 25 }, (_, index) => past(900_000, 1_000_001 + index));
    const state = tokensAtStart(terms, history, start);
    expect(nextFreeAt(state, start.mono)).toBe(1_000_016);
    expect(tokensInUse(state, start.mono)).toBe(10);
  });

  it('need not wait again at a second start right after, once the calls are on the new clock', () => {
    const before = [past(100, null), past(990_000, 900_000, { boot: 'b' }), past(999_000, 1_050_000)];
    const after = onThisClock(terms, before, start);
    expect(after[2]).toBe(before[2]);
    const later = { mono: start.mono + 2_000, wall: start.wall + 2_000, boot: 'a' };
    expect(onThisClock(terms, after, later)).toEqual(after);
    expect(tokensAtStart(terms, after, later)).toEqual(tokensAtStart(terms, before, start));
  });

  it('hold calls of a shorter period for as long as ours, and of a longer one as they stand', () => {
    const short = { calls: 5, periodMs: 30_000 };
    const backAt = (of: typeof terms, history: PastCall[]) => nextFreeAt(tokensAtStart(of, history, start), start.mono);
    // Arrived at 990,000: 30 s and half a percent later its token would have been back.
    const arrived = past(989_000, 990_000 + 30_150, { periodMs: 30_000 });
    expect(backAt(short, [arrived])).toBe(990_000 + 30_150);
    expect(backAt(terms, [arrived])).toBe(990_000 + WHOLE);
    expect(backAt(short, [past(989_000, 990_000 + WHOLE)])).toBe(990_000 + WHOLE);
    // A packet may be later within a longer period.
    const tiny = past(999_000, 999_500 + 1_005, { periodMs: 1_000 });
    expect(backAt(terms, [tiny])).toBe(999_500 + 4_500 + WHOLE);
    // It counts as one of the longer period from then on.
    const once = onThisClock(terms, [arrived], start);
    expect(onThisClock(terms, once, start)).toEqual(once);
    expect(backAt(short, once)).toBe(990_000 + WHOLE);
  });

  it('forget no call of a long period because a short one is in force now', () => {
    const tiny = { calls: 10, periodMs: 100 };
    const state = tokensAtStart(tiny, [past(999_000, 999_500 + WHOLE)], start);
    expect(nextFreeAt(state, start.mono)).toBe(999_500 + WHOLE);
    const lost = tokensAtStart(tiny, [past(999_000, null)], start);
    expect(nextFreeAt(lost, start.mono)).toBe(failedNow);
  });

  const throttled = (over: Partial<PastCall>) => [
    past(980_000, null, { answered: { answeredAt: 0, tokenBackMono: 1_020_000, throttled: true }, ...over }),
  ];

  it('remember a throttle: the pause, the withdrawn token, the distrust', () => {
    const state = tokensAtStart(terms, throttled({}), start);
    expect(freeTokens(state, 1_019_999)).toBe(0);
    expect(freeTokens(state, 1_020_000)).toBe(9);
    expect(freeTokens(state, 1_020_000 + 15 * 60_000)).toBe(10);
    expect(isTrusted(state, 1_020_000 + 1_440 * 60_000 - 1)).toBe(false);
  });

  it('take a throttle of another boot for one of now', () => {
    const state = tokensAtStart(terms, throttled({ boot: 'b' }), start);
    expect(freeTokens(state, start.mono + WHOLE - 1)).toBe(0);
    expect(isTrusted(state, start.mono + 1_440 * 60_000)).toBe(false);
  });

  it('leave a single token usable after a throttle', () => {
    expect(freeTokens(tokensAtStart({ ...terms, calls: 1 }, throttled({}), start), 1_020_000)).toBe(1);
  });
});

describe('the budget, as the server sees it (I2)', () => {
  const worldsOf = (otherTerms?: BudgetTerms): fc.Arbitrary<World> =>
    fc.record({
      seed: fc.integer(),
      delayMs: fc.integer({ min: 1, max: 400 }),
      jitterMs: fc.constantFrom(0, 50, 500, 2_000, 4_500),
      executionMs: fc.constantFrom(10, 100, 3_000, 20_000),
      lossChance: fc.constantFrom(0, 0.02, 0.2),
      lieChance: fc.constantFrom(0, 0.1, 1),
      slowChance: fc.constantFrom(0, 0.05, 0.5),
      lifePeriods: fc.constantFrom(0.2, 1, 5, Infinity),
      ...(otherTerms === undefined ? {} : { otherTerms: fc.constant(otherTerms) }),
    });
  const most = (world: World, used: Rules = rules) =>
    mostInAnyPeriod(runModel(terms, world, { rules: used, periods: 40 }), terms.periodMs);
  const rough: World = {
    seed: 1,
    delayMs: 50,
    jitterMs: 2_000,
    executionMs: 100,
    lossChance: 0.02,
    lieChance: 1,
    slowChance: 0,
    lifePeriods: Infinity,
  };

  it('never holds more than ten arrivals in any period, whatever network, server and operator do', () => {
    // fast-check prints the seed and the path of what fails.
    fc.assert(
      fc.property(worldsOf(), (world) => {
        expect(most(world)).toBeLessThanOrEqual(10);
      }),
      { numRuns: 2_000 },
    );
  });

  // As many calls a minute, so that the server sees no more than it allows while either holds.
  it.each([
    { calls: 5, periodMs: 30_000 },
    { calls: 2, periodMs: 12_000 },
  ])('holds no more where the settings change between $calls in $periodMs ms and the whole', (otherTerms) => {
    fc.assert(
      fc.property(worldsOf(otherTerms), (world) => {
        expect(most(world)).toBeLessThanOrEqual(10);
      }),
      { numRuns: 700 },
    );
  });

  it('would be broken by a start that takes the return of a token for one of its own period, and the model sees it', () => {
    const broken: Rules = {
      ...rules,
      tokensAtStart: (of, history, start) =>
        tokensAtStart(
          of,
          history.map((past) => ({ ...past, periodMs: of.periodMs })),
          start,
        ),
    };
    const seen = Array.from({ length: 40 }, (_, seed) =>
      most({ ...rough, seed, lifePeriods: 0.5, otherTerms: { calls: 5, periodMs: 30_000 } }, broken),
    );
    expect(Math.max(...seen)).toBeGreaterThan(10);
  });

  it('is used to 98.5 % at least when answers are fast', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), (seed, delayMs) => {
        const calm = { ...rough, seed, delayMs, jitterMs: 40, lossChance: 0, lieChance: 0.2 };
        const arrivals = runModel(terms, calm, { rules, periods: 60 });
        const counted = arrivals.filter((at) => at >= 60_000 && at < 60 * 60_000);
        expect(counted.length / (59 * 10)).toBeGreaterThanOrEqual(0.985);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    [
      'a time that is cut to the round trip instead of disbelieved',
      {
        ...rules,
        tokenBackAt: (of, { answeredMono, sentMono, executionMs }) =>
          answeredMono - Math.min(executionMs ?? 0, answeredMono - sentMono) + WHOLE + 0 * of.calls,
      },
    ],
    ['pacing by the time of sending', { ...rules, tokenBackAt: (_of, { sentMono }) => sentMono + WHOLE }],
    [
      'a bucket that the clock refills',
      { ...rules, tokenBackAt: (of, { answeredMono }) => (Math.floor(answeredMono / of.periodMs) + 1) * of.periodMs },
    ],
    [
      'a lost call that gives its token back at once',
      { ...rules, tokenBackAfterFailure: (_of, closedMono) => closedMono },
    ],
  ] satisfies [string, Rules][])('would be broken by %s, and the model sees it', (_name, broken) => {
    expect(most(rough)).toBeLessThanOrEqual(10);
    const seen = Array.from({ length: 20 }, (_, seed) => most({ ...rough, seed, lossChance: 0.2 }, broken));
    expect(Math.max(...seen)).toBeGreaterThan(10);
  });

  it.each([
    ['a start that forgets', { ...rules, tokensAtStart: (of) => allFree(of) }],
    [
      'a start that takes the clock of another boot for its own',
      {
        ...rules,
        tokensAtStart: (of, history, start) =>
          tokensAtStart(
            of,
            history.map((past) => ({ ...past, boot: start.boot, sentMono: 0, sentAt: start.wall - start.mono })),
            start,
          ),
      },
    ],
    [
      'a start that forgets what was never answered',
      {
        ...rules,
        tokensAtStart: (of, history, start) =>
          tokensAtStart(
            of,
            history.filter((past) => past.answered !== null),
            start,
          ),
      },
    ],
  ] satisfies [string, Rules][])('would be broken by %s, and the model sees it', (_name, broken) => {
    const seen = Array.from({ length: 40 }, (_, seed) =>
      most({ ...rough, seed, lifePeriods: 0.3, executionMs: 3_000 }, broken),
    );
    expect(Math.max(...seen)).toBeGreaterThan(10);
  });
});
