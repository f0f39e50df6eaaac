import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatWireTime } from '../src/time.ts';

describe('a time on the wire', () => {
  it('is written as a Date would write it, whatever was written before', () => {
    const at = fc.integer({ min: Date.UTC(-200, 0), max: Date.UTC(9999, 11, 31) });
    fc.assert(
      fc.property(fc.array(at, { minLength: 1 }), (times) => {
        for (const each of times) {
          const iso = new Date(each).toISOString().replace(/\.\d{3}Z$/, '');
          expect(formatWireTime(each)).toBe(`${iso.replace('T', ' ')} +00:00`);
        }
      }),
    );
  });

  it('is cut to the second, before 1970 too', () => {
    expect(formatWireTime(1_999)).toBe('1970-01-01 00:00:01 +00:00');
    expect(formatWireTime(-1)).toBe('1969-12-31 23:59:59 +00:00');
  });
});
