import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createCoverageStore } from '../../src/ledger/coverage.ts';
import { createDictionary } from '../../src/ledger/dictionary.ts';
import { createUpkeep } from '../../src/ledger/upkeep.ts';
import {
  asRow,
  HOUR,
  listed,
  NOW,
  policy,
  readSlice,
  savePage,
  sliceOf,
  tempLedger,
  withDatabase,
} from '../support/ledger.ts';

const SINCE = NOW - 10 * HOUR;
const SECONDS = 120;

type Step =
  | {
      readonly kind: 'read';
      readonly since: number;
      readonly length: number;
      readonly tasks: number;
      readonly purpose: 'backfill' | 'settle';
    }
  | { readonly kind: 'cut short'; readonly since: number; readonly length: number }
  | { readonly kind: 'fails' };

const place = { since: fc.integer({ min: 0, max: SECONDS - 1 }), length: fc.integer({ min: 1, max: 40 }) };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('read' as const),
        ...place,
        tasks: fc.integer({ min: 0, max: 3 }),
        purpose: fc.constantFrom('backfill' as const, 'settle' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut short' as const), ...place }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('fails' as const) }) },
  ),
  { minLength: 1, maxLength: 14 },
);

function take(ledger: Ledger, step: Step, count: number): void {
  if (step.kind === 'fails') {
    // A page of a walk that there is not: its transaction is rolled back, and all that is remembered with it.
    const walk = ledger.beginWalk(sliceOf(SINCE, SINCE + 1_000), NOW);
    expect(() => savePage(ledger, { ...walk, id: walk.id + 1_000 }, [])).toThrow();
    ledger.endWalk(walk, 'dropped', NOW);
    return;
  }
  const since = SINCE + step.since * 1_000;
  const plan = sliceOf(since, since + step.length * 1_000, step.kind === 'read' ? { purpose: step.purpose } : {});
  const rows = (tasks: number) =>
    Array.from({ length: tasks }, (_, at) => asRow(listed(`${count}-${at}`, since + (at % step.length) * 1_000)));
  if (step.kind === 'read') {
    readSlice(ledger, plan, rows(step.tasks));
    return;
  }
  const { walk } = savePage(ledger, ledger.beginWalk({ ...plan, limit: 2 }, NOW), rows(2));
  ledger.endWalk(walk, 'given_up', NOW);
}

describe('what the ledger remembers of itself', () => {
  it('is what a process that opens it anew would read, whatever has been written or was rolled back', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const temp = tempLedger();
        const ledger = temp.open();
        ledger.ensureFrontiers('backlinks', NOW, policy);
        list.forEach((step, count) => {
          take(ledger, step, count);
          const known = ledger.picture('backlinks');
          const remembered = {
            ...known,
            densities: known.densities,
            rechecks: ledger.upkeep.rechecks('backlinks'),
            calls: ledger.upkeep.sharedCalls('boot-1', 10),
          };
          const fresh = withDatabase(temp.path, { readonly: true }, (database) => {
            const dictionary = createDictionary(database);
            const number = dictionary.api('backlinks');
            const coverage = createCoverageStore(database);
            const upkeep = createUpkeep(database, dictionary);
            return {
              densities: coverage.densities(number),
              segments: coverage.segments(number),
              losses: coverage.losses(number),
              refusals: coverage.refusals(number),
              rechecks: upkeep.rechecks('backlinks'),
              calls: upkeep.sharedCalls('boot-1', 10),
            };
          });
          expect(remembered).toMatchObject(fresh);
        });
      }),
      { numRuns: 25 },
    );
  });
});
