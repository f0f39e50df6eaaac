import { describe, expect, it } from 'vitest';
import { withLargerPages, withSmallerPages } from '../../src/domain/page-limit.ts';
import { NOW, sliceOf, tempLedger } from '../support/ledger.ts';

const MOST = 1000;

function begunWalk() {
  const ledger = tempLedger().open();
  return { ledger, walk: ledger.beginWalk(sliceOf(NOW - 3_600_000, NOW - 60_000), NOW) };
}

/** So many calls to a server that cannot give more than `largest` rows a page. @returns The limits that failed. */
function failuresIn(count: number, largest: number): number[] {
  let { walk } = begunWalk();
  const failed: number[] = [];
  for (let call = 0; call < count; call += 1) {
    if (walk.limit > largest) failed.push(walk.limit);
    walk = walk.limit > largest ? withSmallerPages(walk) : withLargerPages(walk, MOST);
  }
  return failed;
}

describe('rows a page', () => {
  it('stay below what has failed for twenty pages: a steady limit makes one call in twenty fail, not every second', () => {
    expect(failuresIn(85, 600)).toEqual([1000, 1000, 1000, 1000, 1000]);
    expect(failuresIn(200, 150).length).toBeLessThan(15);
  });

  it('grow back to the most once it is had again', () => {
    const small = withSmallerPages(withSmallerPages(begunWalk().walk));
    let walk = small;
    const limits: number[] = [];
    for (let page = 0; page < 22; page += 1) {
      walk = withLargerPages(walk, MOST);
      limits.push(walk.limit);
    }
    expect(limits).toEqual([...Array.from({ length: 19 }, () => 250), 500, 1000, 1000]);
    expect(walk.failedLimit).toBeNull();
  });

  it('and the limit that failed are kept with the walk', () => {
    const { ledger, walk } = begunWalk();
    ledger.keepWalk(withLargerPages(withSmallerPages(walk), MOST));
    expect(ledger.openWalks()[0]).toMatchObject({ limit: 500, failedLimit: 1000, pagesSinceFailed: 1 });
  });
});
