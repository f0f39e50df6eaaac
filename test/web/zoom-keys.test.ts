import { describe, expect, it } from 'vitest';
import { viewAfter } from '../../src/web/zoom-keys.ts';

const WHOLE = { min: 0, max: 100 };
const after = (key: string, min: number, max: number) => viewAfter(key, { min, max }, { whole: WHOLE, least: 10 });

describe('a chart by the keys', () => {
  it.each([
    ['+', 0, 100, { min: 25, max: 75 }],
    ['=', 40, 60, { min: 45, max: 55 }],
    ['+', 45, 55, { min: 45, max: 55 }],
    ['-', 40, 60, { min: 30, max: 70 }],
    ['-', 0, 20, { min: 0, max: 40 }],
    ['-', 20, 100, { min: 0, max: 100 }],
    ['ArrowLeft', 40, 60, { min: 35, max: 55 }],
    ['ArrowLeft', 2, 22, { min: 0, max: 20 }],
    ['ArrowRight', 78, 98, { min: 80, max: 100 }],
    ['Escape', 40, 60, WHOLE],
    ['0', 40, 60, WHOLE],
  ] as const)('%s at %d to %d', (key, min, max, expected) => {
    expect(after(key, min, max)).toEqual(expected);
  });

  it('leaves every other key to the browser', () => {
    for (const key of ['Tab', 'ArrowDown', 'a']) expect(after(key, 0, 100)).toBeNull();
  });
});
