import { describe, expect, test } from 'vitest';
import { ask, DAY, fakeClock, lastDay, MINUTE, simulate, START } from './calls.ts';
import { formatWireTime } from '../../src/time.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { patchOptions, SimulatorOptionsError } from '../../src/simulator/options.ts';

const SHAPES = ['uniform', 'bursty', 'heavy_tailed', 'crowded_minute', 'crowded_second', 'sparse'] as const;

function postedTimes(simulator: Simulator, api = 'backlinks'): number[] {
  return [...simulator.tasks(api)].map(({ postedAt }) => postedAt);
}

/** The most tasks that any stretch of this length holds. */
function fullest(times: readonly number[], lengthMs: number): number {
  return Math.max(...times.map((from, index) => times.slice(index).findIndex((at) => at >= from + lengthMs)));
}

describe('tasks before the start', () => {
  test.each(SHAPES)('arrive in order, within the span, in the shape %s', async (arrivals) => {
    const simulator = await simulate({ tasks: 2_000, spanDays: 100, arrivals, crowdTasks: 300 });
    const times = postedTimes(simulator);
    expect(times).toHaveLength(2_000);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(START - 100 * DAY - 2 * MINUTE);
    expect(times.at(-1)).toBeLessThanOrEqual(START - MINUTE);
    expect(times.every((at) => at % 1_000 === 0)).toBe(true);
  });

  test('differ in shape as their names say', async () => {
    const peak = async (arrivals: (typeof SHAPES)[number], lengthMs: number) => {
      const simulator = await simulate({ tasks: 2_000, spanDays: 100, arrivals, crowdTasks: 300 });
      return fullest(postedTimes(simulator), lengthMs);
    };
    expect(await peak('uniform', DAY)).toBeLessThan(30);
    const even = postedTimes(await simulate({ tasks: 2_000, spanDays: 100 }));
    expect(new Set(even.map((at, index) => at - (even[index - 1] ?? 0))).size).toBeGreaterThan(1_000);
    expect(await peak('bursty', 30 * MINUTE)).toBeGreaterThan(15);
    expect(await peak('heavy_tailed', 60 * MINUTE)).toBeGreaterThan(30);
    expect(await peak('crowded_minute', MINUTE)).toBeGreaterThanOrEqual(300);
    expect(await peak('crowded_minute', 1_000)).toBeLessThan(30);
    expect(await peak('crowded_second', 1_000)).toBe(300);
    expect(await peak('sparse', DAY)).toBeGreaterThan(300);
  });

  test('are the same for the same seed and start, others for another seed or API', async () => {
    const truth = async (more: Parameters<typeof simulate>[0], api = 'backlinks') => {
      const simulator = await simulate({ tasks: 50, apis: ['backlinks', 'serp'], ...more });
      return [...simulator.tasks(api)].map(({ id }) => id);
    };
    const first = await truth({});
    const later = fakeClock(START + DAY);
    expect(await truth({ clock: later, startedAt: START })).toEqual(first);
    expect(await truth({ seed: 2 })).not.toEqual(first);
    expect(new Set([...first, ...(await truth({}, 'serp'))]).size).toBe(100);
    expect(await truth({}, 'merchant')).toEqual([]);
  });
});

describe('tasks after the start', () => {
  test('arrive as the clock advances and are listed', async () => {
    const clock = fakeClock();
    const simulator = await simulate({ clock, tasks: 10, tasksPerMinute: 30, late: { share: 0 } });
    expect(postedTimes(simulator)).toHaveLength(10);
    clock.advance(10 * MINUTE);
    const times = postedTimes(simulator);
    expect(times).toHaveLength(310);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const question = {
      datetime_from: formatWireTime(START),
      datetime_to: formatWireTime(clock.now() - 1_000),
    };
    const expected = times.filter((at) => at >= START && at <= clock.now() - 1_000);
    expect((await ask(simulator, question)).rows).toHaveLength(expected.length);
  });

  test('keep their place when the rate changes, and when many are posted at once', async () => {
    const clock = fakeClock();
    const simulator = await simulate({ clock, tasks: 10, tasksPerMinute: 6 });
    clock.advance(5 * MINUTE);
    const before = [...simulator.tasks('backlinks')].map(({ id }) => id);
    expect(before).toHaveLength(40);
    simulator.post('backlinks', 200);
    simulator.set({ tasksPerMinute: 60 });
    clock.advance(MINUTE);
    simulator.post('backlinks', 5);
    simulator.set({ tasksPerMinute: 0 });
    clock.advance(MINUTE);
    const after = [...simulator.tasks('backlinks')].map(({ id }) => id);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after).toHaveLength(40 + 200 + 60 + 5);
    expect(new Set(after).size).toBe(after.length);
    const times = postedTimes(simulator);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const { rows } = await ask(simulator, lastDay({}, clock.now()));
    const atOnce = rows.filter((row) => row.datetime_posted === formatWireTime(START + 5 * MINUTE));
    expect(atOnce.length).toBeGreaterThanOrEqual(200);
  });
});

describe('the options', () => {
  test('are refused with a sentence for each problem', () => {
    const problemsOf = (patch: unknown): readonly string[] => {
      try {
        patchOptions(null, patch);
        return [];
      } catch (error) {
        return error instanceof SimulatorOptionsError ? error.problems : ['another error'];
      }
    };
    expect(problemsOf({})).toEqual([]);
    expect(problemsOf({ rate: { calls: 0 }, tasks: 1.5 })).toEqual([
      expect.stringMatching(/^The simulator's option tasks is not usable: .+\.$/) as string,
      expect.stringMatching(/^The simulator's option rate\.calls is not usable: .+\.$/) as string,
    ]);
    expect(problemsOf({ nothing: 1 })).toEqual([expect.stringContaining('nothing') as string]);
    expect(problemsOf({ faults: [{ fault: 'explode' }] })).toHaveLength(1);
    expect(problemsOf({ faults: [{ fault: 'code:12' }] })).toHaveLength(1);
    expect(problemsOf({ finishing: { minMs: 2, maxMs: 1 } })).toEqual([expect.stringContaining('finishing.minMs')]);
    expect(problemsOf({ outcomes: { failedShare: 0.7, emptyShare: 0.7 } })).toHaveLength(1);
  });

  test('can be given in parts; a list is replaced', () => {
    const first = patchOptions(null, { tasks: 7, rate: { calls: 3 }, listing: { hidden: [1, 2] } });
    const second = patchOptions(first, { rate: { periodMs: 5 }, listing: { hidden: [9] }, tasks: undefined });
    expect(second.rate).toMatchObject({ calls: 3, periodMs: 5 });
    expect(second.tasks).toBe(7);
    expect(second.listing.hidden).toEqual([9]);
    expect(first.rate.periodMs).toBe(60_000);
  });
});
