import { describe, expect, it } from 'vitest';
import { progressLine } from '../../src/cli/progress-line.ts';
import { PROGRESS } from './fakes.ts';

const bar = (width: number) => '='.repeat(width);

describe('a line of progress', () => {
  it('is never wider than the terminal, and never empty where anything fits', () => {
    for (let width = 1; width <= 300; width += 1) {
      for (const waiting of [null, 'waits 42 s: others use this account too']) {
        const line = progressLine({ ...PROGRESS, waiting }, width, bar);
        expect(line.length).toBeLessThan(width);
        if (width > 5) expect(line).toContain('43 %');
      }
    }
  });

  it('drops what matters least first', () => {
    const lines = [12, 15, 30, 45, 80, 200].map((width) => progressLine(PROGRESS, width, bar));
    expect(lines).toEqual([
      '43 %',
      '43 % covered',
      '[==============] 43 % covered',
      '[=============] 43 % covered, 2 min 5 s left',
      '[=======] 43 % covered, 2 min 5 s left, 12,345 rows, 13 calls, budget 3/10 used',
      `[${bar(40)}] 43 % covered, 2 min 5 s left, 12,345 rows, 13 calls, budget 3/10 used`,
    ]);
  });

  it('says why nothing moves before what has been done', () => {
    const line = progressLine({ ...PROGRESS, waiting: 'waits for a token' }, 75, bar);
    expect(line).toBe('[===========] 43 % covered, 2 min 5 s left, waits for a token, 12,345 rows');
  });

  it('says when the next call comes where all of the budget is in use, and not for less than a second', () => {
    const line = (nextCallInMs: number | null, waiting: string | null = null) =>
      progressLine({ ...PROGRESS, nextCallInMs, waiting }, 200, bar);
    expect(line(11_200)).toContain('2 min 5 s left, next call in 12 s, 12,345 rows');
    expect(line(1_000)).toContain('next call in 1 s');
    for (const quiet of [line(null), line(999), line(30_000, 'the server is away')])
      expect(quiet).not.toContain('next call');
  });

  it('promises 100 % only when it is', () => {
    expect(progressLine({ ...PROGRESS, coveredShare: 0.99999 }, 30, bar)).toContain('99 %');
    expect(progressLine({ ...PROGRESS, coveredShare: 1, etaSeconds: null }, 100, bar)).toContain('100 %');
  });
});
