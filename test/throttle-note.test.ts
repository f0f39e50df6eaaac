import { expect, it } from 'vitest';
import { createThrottleNote } from '../src/app/throttle-note.ts';
import { openBench } from './support/bench.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { endOf } from './support/ledger.ts';

const MINUTE = 60_000;

it('who else uses the budget is told once an hour, with how often it was felt', async () => {
  const clock = createFakeClock();
  const told: object[] = [];
  const note = createThrottleNote({ warn: (facts: object) => void told.push(facts) }, clock);
  note({ end: endOf({ throttled: false }) });
  expect(told).toEqual([]);
  for (let minute = 0; minute < 100; minute += 1) {
    note({ end: endOf({ throttled: true }) });
    await clock.advance(MINUTE);
  }
  expect(told).toMatchObject([{ refusals: 1 }, { refusals: 60 }]);
});

it('a backfill whose budget others spend says so, and one that is left alone does not', async () => {
  const words = 'the budget is spent by somebody else too';
  const bench = await openBench({ tasks: 2_000 });
  await bench.backfill();
  expect(bench.logged.join('')).not.toContain(words);
  const other = await openBench({ tasks: 2_000, faults: [{ when: { call: 2 }, fault: 'task40202' }] });
  expect(await other.backfill()).toMatchObject({ complete: true });
  expect(other.logged.filter((line) => line.includes(words))).toHaveLength(1);
});
