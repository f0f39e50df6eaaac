import { describe, expect, it } from 'vitest';
import { filterShownBy } from '../../src/domain/filter-column.ts';

const range = { since: 1_000_000, until: 2_000_000 };

describe('the filter column', () => {
  it('shows where a task was posted outside the range and done inside it, or the reverse', () => {
    expect(filterShownBy({ postedAt: 900_000, doneAt: 1_100_000 }, range)).toBe('done');
    expect(filterShownBy({ postedAt: 1_900_000, doneAt: 2_100_000 }, range)).toBe('posted');
  });

  it('does not show where both lie inside or outside, within the two seconds of the bounds, or where it is unfinished', () => {
    expect(filterShownBy({ postedAt: 1_100_000, doneAt: 1_200_000 }, range)).toBeNull();
    expect(filterShownBy({ postedAt: 998_000, doneAt: 1_000_000 }, range)).toBeNull();
    expect(filterShownBy({ postedAt: 1_999_000, doneAt: 2_001_999 }, range)).toBeNull();
    expect(filterShownBy({ postedAt: 1_999_000, doneAt: null }, range)).toBeNull();
  });
});
