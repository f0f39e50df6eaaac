import { describe, expect, it } from 'vitest';
import { bytes, counted, duration, instant, table } from '../../src/cli/format.ts';

describe('what is printed for people', () => {
  it.each([
    [0, '0 s'],
    [0.5, '500 ms'],
    [59.4, '59 s'],
    [60, '1 min'],
    [90, '1 min 30 s'],
    [700, '12 min'],
    [3_580, '1 h'],
    [3_600, '1 h'],
    [7_500, '2 h 5 min'],
    [273_600, '3 d 4 h'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [4_096, '4.1 kB'],
    [123_456_789, '123 MB'],
  ])('%d bytes are %s', (size, text) => {
    expect(bytes(size)).toBe(text);
  });

  it('counts one and many', () => {
    expect([counted(1, 'call'), counted(1_234, 'call')]).toEqual(['1 call', '1,234 calls']);
  });

  it('writes times to the second', () => {
    expect([instant('2026-11-23T12:00:01.234Z'), instant(null)]).toEqual(['2026-11-23 12:00:01', 'never']);
  });

  it('aligns numbers right and words left', () => {
    expect(
      table(
        ['a', 'n'],
        [
          ['word', '1,000'],
          ['x', '7'],
        ],
      ),
    ).toEqual(['a     n', 'word  1,000', 'x         7']);
  });
});
