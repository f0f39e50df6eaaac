import { describe, expect, it } from 'vitest';
import { dollarMark, exactMoney, listed, mark, money, sentence } from '../../src/web/format.ts';

describe('money for reading', () => {
  it.each([
    [0, '$0.00'],
    [118_269_560, '$118.27'],
    [1_234_567_890_000, '$1,234,567.89'],
    [10_000, '$0.01'],
    [20_000, '$0.02'],
  ])('is dollars to the cent: %i micro-dollars are %s', (micros, text) => {
    expect(money(micros)).toBe(text);
  });

  it('never makes nothing of something, however little it is', () => {
    expect([1, 4_200, 9_999, -600].map(money)).toEqual(['$0.000001', '$0.0042', '$0.009999', '−$0.0006']);
  });

  it('is exact where people copy it', () => {
    expect(exactMoney(118_269_560)).toBe('$118.269560');
  });
});

describe('what stands beside an axis', () => {
  it('is in full as far as there is room', () => {
    expect([0, 600, 1_000, 25_000, 100_000, 1_250_000].map(mark)).toEqual(['0', '600', '1,000', '25,000', '100K', '1.25M']); // prettier-ignore
  });

  it('has cents only where dollars are not whole', () => {
    expect([0, 0.5, 20, 1_000, 0.0005].map(dollarMark)).toEqual(['$0', '$0.50', '$20', '$1,000', '$0.0005']);
  });
});

it('a sentence has a capital and one mark at its end', () => {
  expect(['stopped in good order', 'Add funds.', 'why?'].map(sentence)).toEqual(['Stopped in good order.', 'Add funds.', 'Why?']); // prettier-ignore
  expect([['a'], ['a', 'b'], ['a', 'b', 'c']].map(listed)).toEqual(['a', 'a and b', 'a, b and c']);
});
