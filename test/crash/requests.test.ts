import { describe, expect, it } from 'vitest';
import { expectRecovered, expectSound, tasksOf, undisturbedRun } from '../support/after-kill.ts';
import { openBench, type Bench } from '../support/bench.ts';
import { ended, killGroup, startProcess } from '../support/process.ts';
import { inTurns, seeded } from '../support/sample.ts';
import type { SimulatorPatch } from '../../src/simulator/options.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Kills the process the moment the server has seen its n-th call: the answer is never saved. */
async function killAtCall(bench: Bench, n: number, command = 'backfill'): Promise<void> {
  const child = startProcess(bench, [command]);
  const seen = bench.simulator.stats().calls;
  bench.onCall(() => {
    if (bench.simulator.stats().calls >= seen + n) killGroup(child);
  });
  await ended(child);
  bench.onCall(() => undefined);
}

/** A page of each of the four walks in flight, and what finds the edges of the windows of two APIs anew. */
const MOST_REPEATED = 4 + 6;

type Story = {
  readonly what: string;
  readonly options: () => SimulatorPatch;
  readonly settings?: Readonly<Record<string, string>>;
  readonly points: number;
};

const STORIES: readonly Story[] = [
  {
    what: 'several walks of several APIs in flight',
    options: () => ({ tasks: 2_500, apis: ['backlinks', 'serp'], latency: { meanMs: 25 } }),
    settings: { LEDGER_APIS: 'backlinks,serp' },
    points: 3,
  },
  {
    what: 'the isolation of a crowded second',
    options: () => ({
      tasks: 1_500, arrivals: 'crowded_second', crowdTasks: 1_200, crowdAt: 0.9, listing: { ties: 'reshuffled' },
    }), // prettier-ignore
    points: 3,
  },
  {
    what: 'failures, throttles and cut answers',
    options: () => ({
      tasks: 2_500,
      faults: [
        { when: { every: 3 }, times: 4, fault: 'http503' },
        { when: { every: 5 }, times: 2, fault: 'cut' },
      ],
    }),
    points: 3,
  },
];

const common = (options: SimulatorPatch): SimulatorPatch => ({
  seed: 7,
  startedAt: Date.now(),
  newestAgoMs: HOUR_MS,
  latency: { meanMs: 3 },
  ...options,
  rate: { periodMs: 50 },
});

describe('killed with SIGKILL at a request', { timeout: 120_000 }, () => {
  it.each(STORIES)(
    'within $what, the next run ends with the same rows',
    async ({ what, options, settings, points }) => {
      const patch = common(options());
      const { faults, ...plain } = patch;
      const undisturbed = await undisturbedRun(await openBench(plain, settings));
      const numbers = Array.from({ length: undisturbed.calls }, (_, index) => index + 1);
      await inTurns(2, seeded(what, numbers, points), async (n) => {
        const bench = await openBench(patch, settings);
        await killAtCall(bench, n);
        bench.simulator.set({ faults: [] });
        await expectRecovered(bench, undisturbed);
        // How often a list that is shuffled anew for every page must be read is a matter of luck, as are failures.
        if (faults === undefined && patch.listing === undefined)
          expect(bench.simulator.stats().calls).toBeLessThanOrEqual(undisturbed.calls + MOST_REPEATED);
      });
    },
  );

  it('while a poisoned moment is halved, the next run goes on halving, and once it is mended nothing is missing', async () => {
    const patch = common({ tasks: 1_000 });
    const undisturbed = await undisturbedRun(await openBench(patch));
    const covers = Math.floor((Date.now() - 50 * DAY_MS) / 1000) * 1000;
    await inTurns(2, seeded('halving', [6, 9, 12, 16, 20, 26, 34], 2), async (n) => {
      const bench = await openBench({ ...patch, faults: [{ when: { covers }, fault: 'http500' }] });
      await killAtCall(bench, n);
      expect(await bench.backfill()).toMatchObject({ complete: false });
      expectSound(bench);
      const unread = bench.rows(
        'select sum(until - since) as seconds from gaps where since < ?',
        covers / 1000 + 3_600,
      );
      expect(Number(unread[0]?.['seconds'])).toBeLessThanOrEqual(4);
      bench.simulator.set({ faults: [] });
      expect(await bench.backfill()).toMatchObject({ complete: true });
      expect(tasksOf(bench)).toEqual(undisturbed.tasks);
    });
  });

  it.each([
    { account: 40200 },
    { account: 40100 },
    { apis: { backlinks: 40204 } },
  ] satisfies SimulatorPatch['refusals'][])(
    'while the server refuses us (%o), the next run reads everything once a person has acted',
    async (refusals) => {
      const patch = common({ tasks: 1_500 });
      const undisturbed = await undisturbedRun(await openBench(patch));
      const bench = await openBench({ ...patch, refusals });
      await killAtCall(bench, 1);
      await killAtCall(bench, 2, 'run');
      bench.simulator.set({ refusals: { account: null, apis: { backlinks: null } } });
      await expectRecovered(bench, undisturbed, 2);
    },
  );
});
