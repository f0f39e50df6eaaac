import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { windowEdge } from '../../src/domain/window.ts';
import { createTimeline } from '../../src/simulator/arrivals.ts';
import { patchOptions, type SimulatorPatch } from '../../src/simulator/options.ts';
import { runPlan } from '../support/plan-model.ts';

const NOW = Date.UTC(2024, 4, 15, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function postedOf(patch: SimulatorPatch & { tasks: number; seed: number }): Float64Array {
  const options = patchOptions(null, { newestAgoMs: HOUR, ...patch });
  const timeline = createTimeline(options, patch.seed, NOW, []);
  return Float64Array.from({ length: patch.tasks }, (_, index) => timeline.postedAt(index));
}

const SHAPES = ['uniform', 'bursty', 'heavy_tailed', 'crowded_minute', 'crowded_second', 'sparse'] as const;

type Crowd = { readonly at: number; readonly hours: number; readonly tasks: number };

/** What was once read without an end: a crowd of seconds was believed to go on as long as the silence before it. */
const CROWD_BEHIND_SILENCE: Crowd[] = [
  { at: 0, hours: 0.01, tasks: 60_000 },
  { at: 3_636, hours: 24, tasks: 60_000 },
  { at: 0, hours: 0.01, tasks: 1 },
];

/** Likewise: what an opening had seen before it was given up could not be read before its beginning left. */
const CROWD_FAR_BEHIND_A_TASK: Crowd[] = [
  { at: 0, hours: 0.01, tasks: 1 },
  { at: 2_620, hours: 720, tasks: 60_000 },
];

/** Likewise: an opening was given up far out, and near the edge its rate was believed, not that of what lay right ahead. */
const CROWD_AFTER_A_WEEK: Crowd[] = [
  { at: 174, hours: 0.01, tasks: 20_000 },
  { at: 174, hours: 24, tasks: 20_000 },
  { at: 3_612, hours: 1, tasks: 2_500 },
  { at: 4_030, hours: 0.01, tasks: 60_000 },
];
const SMALL_CROWD_BEFORE_A_LONG_ONE: Crowd[] = [
  { at: 1_189, hours: 0.01, tasks: 2_500 },
  { at: 2_308, hours: 720, tasks: 60_000 },
];

describe('the calls of a first backfill', () => {
  it.each(SHAPES)('of a million tasks, %s, are at most three percent over one for a thousand tasks', (arrivals) => {
    for (const seed of [3]) {
      const { calls, ...run } = runPlan(postedOf({ arrivals, tasks: 1_000_000, crowdTasks: 6_000, seed }), NOW);
      expect({ seed, ...run }).toMatchObject({ seed, unread: 0, overtaken: 0, lostMs: 0 });
      expect(calls / 1_000).toBeLessThanOrEqual(1.03);
    }
  });

  it.each(SHAPES)('of a small account, %s, are at most four more', (arrivals) => {
    for (const tasks of [100, 5_000, 12_000, 19_000, 19_990]) {
      for (let seed = 1; seed <= 40; seed += 1) {
        const { calls, ...run } = runPlan(postedOf({ arrivals, tasks, crowdTasks: 6_000, seed }), NOW);
        expect({ seed, tasks, ...run }).toMatchObject({ seed, tasks, unread: 0, lostMs: 0 });
        expect(calls).toBeLessThanOrEqual(Math.ceil(tasks / 1_000) + 4);
      }
    }
  });

  it('of islands behind a silence at the edge do not feel their way through it', () => {
    // Cut by its stretch instead of its tasks, the first slice was overtaken by the window again and again, without an end.
    const { calls, unread } = runPlan(postedOf({ arrivals: 'sparse', tasks: 100_000, seed: 1 }), NOW);
    expect(unread).toBe(0);
    expect(calls).toBeLessThanOrEqual(125);
  });

  it.each([
    { minutes: 30, after: 'ids', tasks: 40_000 },
    { minutes: 120, after: 'ids', tasks: 60_000 },
    { minutes: 1_375, after: 'ids', tasks: 200_000 },
    { minutes: 60_000, after: 'ids', tasks: 70_000 },
    { minutes: 45, after: 'metadata', tasks: 70_000 },
    { minutes: 9_680, after: 'metadata', tasks: 200_000 },
  ] as const)(
    'of $tasks tasks in a second, $minutes minutes behind the edge of the $after, are few more than one for a thousand',
    ({ minutes, after, tasks }) => {
      // The silence before them was taken into one slice with them, which was overtaken on its last page and begun anew.
      const at = windowEdge(after, NOW, []) + minutes * 60_000;
      const { calls, ...run } = runPlan(new Float64Array(tasks).fill(at), NOW);
      expect(run).toMatchObject({ unread: 0, overtaken: 0, lostMs: 0 });
      expect(calls).toBeLessThanOrEqual(tasks / 1_000 + 20);
    },
  );

  it('come to an end for any account, lose none of its tasks, and read none of them three times', () => {
    const crowd = fc.record({
      at: fc.integer({ min: 0, max: 179 * 24 }),
      hours: fc.constantFrom(1 / 3_600, 0.01, 1, 24, 24 * 30),
      tasks: fc.constantFrom(1, 400, 2_500, 20_000, 60_000),
    });
    fc.assert(
      fc.property(fc.array(crowd, { minLength: 1, maxLength: 6 }), (crowds) => {
        const posted = Float64Array.from(
          crowds.flatMap(({ at, hours, tasks }) =>
            Array.from({ length: tasks }, (_, n) => {
              const ms = (at + (hours * (n + 0.5)) / tasks) * HOUR;
              return Math.floor((NOW - 180 * DAY + (ms % (179 * DAY))) / 1_000) * 1_000;
            }),
          ),
        ).sort();
        const { calls, unread } = runPlan(posted, NOW);
        expect(unread).toBe(0);
        expect(calls).toBeLessThanOrEqual(2 * Math.ceil(posted.length / 1_000) + 10 * crowds.length + 10);
      }),
      {
        numRuns: 60,
        examples: [
          [CROWD_BEHIND_SILENCE],
          [CROWD_FAR_BEHIND_A_TASK],
          [SMALL_CROWD_BEFORE_A_LONG_ONE],
          [CROWD_AFTER_A_WEEK],
        ],
      },
    );
  });
});
