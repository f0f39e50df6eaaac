import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dollars } from '../../src/domain/money.ts';

it.each([
  [0, '0.000000'],
  [1, '0.000001'],
  [-1, '-0.000001'],
  [20_000, '0.020000'],
  [1_000_000, '1.000000'],
  [-12_345_678, '-12.345678'],
  [Number.MAX_SAFE_INTEGER, '9007199254.740991'],
])('%d micro-dollars are %s dollars', (micros, text) => {
  expect(dollars(micros)).toBe(text);
});

it('no micro-dollar is lost on the way to text and back', () => {
  fc.assert(fc.property(fc.maxSafeInteger(), (micros) => BigInt(dollars(micros).replace('.', '')) === BigInt(micros)));
});
