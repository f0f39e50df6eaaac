import { describe, expect, it } from 'vitest';
import { DataForSeoError } from '../../src/domain/errors.ts';
import { onRefusedPage } from '../../src/harvest/consequences.ts';
import type { Harvest } from '../../src/harvest/harvester.ts';
import { createStanding } from '../../src/harvest/standing.ts';
import { begunLedger, DAY, NOW, policy, sliceOf } from '../support/ledger.ts';

const MINUTE = 60_000;
const TOO_OLD = new DataForSeoError('too_old', 'datetime_from is outside the window', { callId: 1 });

/** One slice that begins 30.5 days ago, and a server whose clock the test moves. */
function openBench() {
  const { ledger } = begunLedger();
  const clock = { now: NOW, sure: true };
  const nothing = () => undefined;
  const harvest = {
    deps: {
      ledger,
      serverClock: { now: () => clock.now, sure: () => clock.sure },
      policy: { ...policy, apis: ['backlinks'], lanes: 4, lagMs: 30_000, settleMs: 3_600_000 },
      log: { info: nothing, warn: nothing, error: nothing, debug: nothing },
    },
    standing: createStanding(policy.periodMs),
    left: new Map(),
    refusedAt: new Map(),
  } as unknown as Harvest;
  const { id } = ledger.beginWalk(sliceOf(NOW - 30.5 * DAY, NOW - 20 * DAY), NOW);
  const open = () => ledger.openWalks().find((walk) => walk.id === id);
  return {
    clock,
    refuse: () => {
      const walk = open();
      if (walk !== undefined) onRefusedPage(harvest, walk, TOO_OLD);
    },
    isOpen: () => open() !== undefined,
    /** Minutes by which each refused width is more than 30.5 days. */
    widths: () => ledger.refusals('backlinks').map(({ widthMs }) => Math.round((widthMs - 30.5 * DAY) / MINUTE)),
  };
}

describe('a slice whose beginning is refused as too old', () => {
  it('tells the width of the window as it was at the first of two refusals', () => {
    const { clock, refuse, isOpen, widths } = openBench();
    refuse();
    expect([isOpen(), widths()]).toEqual([true, []]);
    clock.now += 3 * MINUTE;
    refuse();
    expect([isOpen(), widths()]).toEqual([false, [0]]);
  });

  it('is asked twice anew where the first refusal came long before, for the edge has moved on and it may have been odd', () => {
    const { clock, refuse, isOpen, widths } = openBench();
    refuse();
    clock.now += DAY / 4;
    refuse();
    expect([isOpen(), widths()]).toEqual([true, []]);
    clock.now += MINUTE;
    refuse();
    expect([isOpen(), widths()]).toEqual([false, [6 * 60]]);
  });

  it('tells the width by the second refusal where the clock was in doubt at the first, and none where it still is', () => {
    const first = openBench();
    first.clock.sure = false;
    first.refuse();
    [first.clock.sure, first.clock.now] = [true, NOW + 5 * MINUTE];
    first.refuse();
    expect([first.isOpen(), first.widths()]).toEqual([false, [5]]);
    const both = openBench();
    both.clock.sure = false;
    both.refuse();
    both.refuse();
    expect([both.isOpen(), both.widths()]).toEqual([false, []]);
  });
});
