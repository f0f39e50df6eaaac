import { describe, expect, it } from 'vitest';
import { nearestName, nearestNames } from '../../src/domain/nearest.ts';

describe('the names that may have been meant', () => {
  it.each([
    ['custmer-7', ['customer-7', 'customer-77', 'acme'], ['customer-7', 'customer-77']],
    ['CUSTOMER-7', ['customer-7'], ['customer-7']],
    ['acme', ['Acme Ltd, London, since 1907', 'acne'], ['Acme Ltd, London, since 1907', 'acne']],
    ['summary/live', ['backlinks/summary/live', 'backlinks/anchors/live'], ['backlinks/summary/live']],
    ['x', ['exact', 'y'], ['y']],
    ['other', ['customer-7'], []],
    ['', ['customer-7', ''], ['']],
    ['x'.repeat(65), ['x'.repeat(65)], []],
  ])('for %j of %j are %j', (typed, names, near) => {
    expect(nearestNames(typed, names, 3)).toEqual(near);
  });

  it('are no more than asked for, and those of a text without end take no time', () => {
    expect(nearestNames('customer', ['customer-1', 'customer-2', 'customer-3'], 2)).toEqual([
      'customer-1',
      'customer-2',
    ]);
    expect(nearestNames('customer', Array<string>(1_000).fill('customer'.repeat(10_000)), 2)).toEqual([]);
  });

  it('are one for a setting, and none where too many letters differ', () => {
    expect(nearestName('rate_cals', ['rate_calls', 'rate_period'])).toBe('rate_calls');
    expect(nearestName('colour', ['rate_calls', 'rate_period'])).toBeNull();
  });
});
