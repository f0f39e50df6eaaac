import { describe, expect, it } from 'vitest';
import type { SimulatorPatch } from '../src/simulator/options.ts';
import { openBench } from './support/bench.ts';
import { expectSameAsTruth } from './support/truth.ts';

const HOUR_MS = 3_600_000;

/** Whatever the documentation leaves open, a backfill ends with every task, or with a doubt that names what is not proven. */
const HOSTILE: readonly { name: string; patch: SimulatorPatch }[] = [
  { name: 'sorts by completion and filters by posting', patch: { listing: { sort: 'done' } } },
  { name: 'sorts by posting and filters by completion', patch: { listing: { filter: 'done' } } },
  { name: 'sorts and filters by completion', patch: { listing: { filter: 'done', sort: 'done' } } },
  { name: 'sorts by completion, shuffles equal seconds', patch: { listing: { sort: 'done', ties: 'reshuffled' } } },
  { name: 'has an exclusive lower bound', patch: { listing: { fromBound: 'exclusive' } } },
  { name: 'has an exclusive upper bound', patch: { listing: { toBound: 'exclusive' } } },
  { name: 'has two exclusive bounds', patch: { listing: { fromBound: 'exclusive', toBound: 'exclusive' } } },
  { name: 'has null fields and unknown ones', patch: { rows: { nullFieldShare: 0.05, unknownFieldsShare: 0.2 } } },
  { name: 'writes statuses and urls in every form', patch: { rows: { status: 'mixed', url: 'mixed' } } },
  { name: 'sends metadata as a list', patch: { metadata: { form: 'list' } } },
  { name: 'sends text in any script', patch: { metadata: { script: 'mixed' } } },
  { name: 'sends metadata of 20 KB', patch: { tasks: 2_000, metadata: { bytes: 20_000 } } },
  {
    name: 'sends metadata of 5 MB now and then',
    patch: { tasks: 1_500, metadata: { largeShare: 0.002, largeBytes: 5_000_000 } },
  },
  {
    name: 'sends neither Date nor echo nor time',
    patch: { answers: { dateHeader: false, echo: false, time: 'absent' } },
  },
  { name: 'lies about its execution time', patch: { answers: { time: 'lie' } } },
  { name: 'answers null for an empty list', patch: { answers: { emptyResult: 'null' } } },
  {
    name: 'crowds 6,000 tasks into a second and shuffles them',
    patch: { tasks: 9_000, arrivals: 'crowded_second', crowdTasks: 6_000, listing: { ties: 'reshuffled' } },
  },
];

describe('a server that', () => {
  it.each(HOSTILE)('$name is read to the last task', { timeout: 60_000 }, async ({ patch }) => {
    const bench = await openBench({
      tasks: 12_000,
      newestAgoMs: HOUR_MS,
      finishing: { share: 0.1, maxMs: 600_000 },
      ...patch,
    });
    const result = await bench.backfill();
    expect(result.complete).toBe(true);
    expectSameAsTruth(bench, { until: Date.now() });
  });
});
