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
    expect(progressLine(PROGRESS, 31, bar)).toBe('43 % of the window, 2 min left');
    expect(progressLine(PROGRESS, 80, bar)).toBe(
      '[==========] 43 % of the window, 2 min left, 12,345 rows, 13 calls, tokens 3/10',
    );
  });

  it('says why nothing moves before it says anything else', () => {
    const line = progressLine({ ...PROGRESS, waiting: 'waits for a token' }, 50, bar);
    expect(line).toBe('43 % of the window, waits for a token, 13 calls');
  });

  it('promises 100 % only when it is', () => {
    expect(progressLine({ ...PROGRESS, coveredShare: 0.99999 }, 30, bar)).toContain('99 %');
    expect(progressLine({ ...PROGRESS, coveredShare: 1, etaSeconds: null }, 100, bar)).toContain('100 %');
  });
});
