import { describe, expect, it } from 'vitest';
import { createChores } from '../../src/harvest/chores.ts';
import type { HarvestDeps } from '../../src/harvest/harvester.ts';

/** A ledger with so many looks' worth of old walks. */
function choresOf(looks: number, isSure = () => true) {
  let mono = 0;
  let folded = 0;
  const foldJournal = () => {
    folded += 1;
    return { walks: 0, calls: 0, more: folded % looks !== 0 };
  };
  const deps = {
    ledger: { foldJournal },
    serverClock: { sure: isSure, now: () => 0 },
    clock: { monotonic: () => mono },
    log: { debug: () => undefined },
  };
  const chores = createChores(deps as unknown as HarvestDeps);
  const after = (ms: number) => {
    mono += ms;
    chores.look();
    return { folded, isThrough: chores.isThrough() };
  };
  return after;
}

describe('the journal', () => {
  it('is looked through a little at a time, then once a day, and is through after its first round', () => {
    const after = choresOf(3);
    expect(after(1_000)).toEqual({ folded: 0, isThrough: false });
    expect(after(5_000)).toEqual({ folded: 1, isThrough: false });
    expect(after(5_000)).toEqual({ folded: 2, isThrough: false });
    expect(after(5_000)).toEqual({ folded: 3, isThrough: true });
    expect(after(3_600_000)).toEqual({ folded: 3, isThrough: true });
    expect(after(86_400_000)).toEqual({ folded: 4, isThrough: true });
  });

  it('is left alone while nobody knows the time', () => {
    let isSure = false;
    const after = choresOf(1, () => isSure);
    expect(after(60_000)).toEqual({ folded: 0, isThrough: false });
    isSure = true;
    expect(after(1)).toEqual({ folded: 1, isThrough: true });
  });
});
