import { pagesOfRows, SLICE_PAGES } from './slicing.ts';
import type { TimeRange } from './time-range.ts';

export type MergeTerms = {
  /** Tasks that are known in a range; may stop counting at `most`. */
  readonly rowsIn: (range: TimeRange, most: number) => number;
  /** Rows a page. */
  readonly limit: number;
  /** Pages that a merged range may take; it may take more where a single one does. */
  readonly mostPages?: number;
};

export type MergedRange = TimeRange & { readonly pages: number };

/**
 * Reads the same stretches by the fewest calls: neighbours become one range, with what lies between them, while that stays within
 * the pages that separate calls would cost.
 *
 * @param ranges - Disjoint, ascending.
 */
export function mergeNeighbours(ranges: readonly TimeRange[], terms: MergeTerms): MergedRange[] {
  const { limit, mostPages = SLICE_PAGES } = terms;
  const merged: MergedRange[] = [];
  // What the present one would cost in separate calls.
  let separate = 0;
  for (const { since, until } of ranges) {
    const pages = pagesIn({ since, until }, Infinity, terms);
    const last = merged.at(-1);
    const most = Math.min(separate + pages, Math.max(mostPages, 1));
    const whole = last === undefined ? Infinity : pagesIn({ since: last.since, until }, most * limit, terms);
    if (last !== undefined && whole <= most) {
      merged[merged.length - 1] = { since: last.since, until, pages: whole };
      separate += pages;
    } else {
      merged.push({ since, until, pages });
      separate = pages;
    }
  }
  return merged;
}

function pagesIn(range: TimeRange, most: number, { rowsIn, limit }: MergeTerms): number {
  return pagesOfRows(rowsIn(range, most), limit);
}
