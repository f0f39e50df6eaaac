import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCoverageStore } from '../../src/ledger/coverage.ts';
import { createDictionary } from '../../src/ledger/dictionary.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createUpkeep } from '../../src/ledger/upkeep.ts';
import {
  asRow,
  BARE,
  DAY,
  HOUR,
  listed,
  NOW,
  PENDING,
  policy,
  readSlice,
  savePage,
  sliceOf,
  startOf,
  tempLedger,
  withDatabase,
  type TempLedger,
} from '../support/ledger.ts';

const SINCE = NOW - 10 * HOUR;
const SECONDS = 120;
/** Asked for in turn: the first, then parts of it, then one that reaches farther back. */
const RANGES = [
  [20, 100],
  [40, 60],
  [50, 200],
  [0, 120],
].map(([from = 0, to = 0]) => ({ since: SINCE + from * 1_000, until: SINCE + to * 1_000 }));

type Step =
  | {
      readonly kind: 'read';
      readonly since: number;
      readonly length: number;
      readonly tasks: number;
      readonly purpose: 'backfill' | 'settle';
      readonly isBare: boolean;
      readonly isPending: boolean;
      /** The last page is written and taken back. */
      readonly fails: boolean;
    }
  | { readonly kind: 'cut short' | 'refused'; readonly since: number; readonly length: number };

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
        isBare: fc.boolean(),
        isPending: fc.boolean(),
        fails: fc.constantFrom(true, false, false, false),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cut short' as const, 'refused' as const), ...place }) },
  ),
  { minLength: 1, maxLength: 14 },
);

const FAIL = `create trigger trial after update of outcome on walk begin select raise(abort, 'trial'); end`;

function take(temp: TempLedger, ledger: Ledger, { step, count }: { step: Step; count: number }): void {
  const since = SINCE + step.since * 1_000;
  const plan = sliceOf(since, since + step.length * 1_000, step.kind === 'read' ? { purpose: step.purpose } : {});
  const over = step.kind === 'read' ? { ...(step.isBare && BARE), ...(step.isPending && PENDING) } : PENDING;
  const rows = (tasks: number) =>
    Array.from({ length: tasks }, (_, at) => asRow(listed(`${count}-${at}`, since + (at % step.length) * 1_000, over)));
  if (step.kind === 'read') {
    if (!step.fails) readSlice(ledger, plan, rows(step.tasks), { at: { now: NOW + count * 1_000 } });
    else {
      const walk = ledger.beginWalk(plan, NOW);
      temp.exec(FAIL);
      expect(() => savePage(ledger, walk, rows(step.tasks))).toThrow('trial');
      temp.exec('drop trigger trial');
    }
    return;
  }
  if (step.kind === 'refused') {
    const walk = ledger.beginWalk(plan, NOW);
    const callId = ledger.journal.begin(startOf(walk));
    ledger.refuse(walk, { widthMs: (28 + count / 100) * DAY, seenAt: NOW, callId }, policy);
    return;
  }
  const { walk } = savePage(ledger, ledger.beginWalk({ ...plan, limit: 2 }, NOW), rows(2));
  ledger.endWalk(walk, 'given_up', NOW);
}

it('what another program has written is heeded from the next turn on, and what we write ourselves is remembered', () => {
  const temp = tempLedger();
  const ledger = temp.open();
  readSlice(ledger, sliceOf(SINCE, SINCE + HOUR), [asRow(listed('a', SINCE))]);
  const segments = () => ledger.picture('backlinks').segments.length;
  expect(segments()).toBe(1);
  ledger.heedOthers();
  const before = ledger.picture('backlinks');
  ledger.tryWrite();
  ledger.heedOthers();
  expect(ledger.picture('backlinks')).toBe(before);
  withDatabase(temp.path, {}, (database) => database.exec('delete from segment'));
  expect(segments()).toBe(1);
  ledger.heedOthers();
  expect(segments()).toBe(0);
  ledger.close();
});

describe('what the ledger remembers of itself', () => {
  it('is what a process that opens it anew would read, whatever has been written or was rolled back', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const temp = tempLedger();
        const ledger = temp.open();
        ledger.ensureFrontiers('backlinks', NOW, policy);
        list.forEach((step, count) => {
          take(temp, ledger, { step, count });
          const known = ledger.picture('backlinks');
          const remembered = {
            ...known,
            densities: known.densities,
            rechecks: ledger.upkeep.rechecks('backlinks'),
            calls: ledger.upkeep.sharedCalls('boot-1', 10),
            unfinished: RANGES.map((range) => ledger.upkeep.unfinished('backlinks', range)),
          };
          const fresh = withDatabase(temp.path, { readonly: true }, (database) => {
            const dictionary = createDictionary(database);
            const number = dictionary.api('backlinks');
            const coverage = createCoverageStore(database);
            const upkeep = createUpkeep(database, dictionary);
            return {
              densities: coverage.densities(number),
              segments: coverage.segments(number),
              losses: coverage.lost(number),
              refusals: coverage.refusals(number),
              rechecks: upkeep.rechecks('backlinks'),
              calls: upkeep.sharedCalls('boot-1', 10),
              unfinished: RANGES.map((range) => upkeep.unfinished('backlinks', range)),
            };
          });
          expect(remembered).toMatchObject(fresh);
        });
      }),
      { numRuns: 25 },
    );
  });
});
