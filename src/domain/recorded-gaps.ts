import { subtract } from './coverage.ts';
import { gapsOf, type ApiPicture } from './gaps.ts';
import type { Grade } from './task.ts';
import type { TimeRange } from './time-range.ts';

export type RecordedGap = TimeRange & { readonly grade: Grade };

/** What the ledger says of its gaps, and when it said so. Instants are epoch ms. */
export type GapRecord = {
  readonly gaps: readonly RecordedGap[];
  readonly asOf: number;
  /** The end of what was wanted then, exclusive. */
  readonly upper: number;
  /** Read or lost since: no gap any more, though one then. */
  readonly since: readonly RecordedGap[];
};

export type GapDifference = {
  readonly grade: Grade;
  /** Neither read nor lost nor recorded as a gap. */
  readonly unrecorded: readonly TimeRange[];
  /** Recorded as a gap, though it was read or lost before. */
  readonly untrue: readonly TimeRange[];
};

const SECOND_MS = 1_000;

/**
 * Works the gaps out again as of the moment of their record: window minus coverage minus losses. The moment is known to the
 * second only, so the second at the window's edge counts for neither side.
 */
export function differingGaps(picture: ApiPicture, record: GapRecord): GapDifference[] {
  const { asOf, upper } = record;
  const then = { ...picture, refusals: picture.refusals.filter((refusal) => refusal.seenAt <= asOf) };
  const late = gapsOf(then, upper, asOf + SECOND_MS - 1);
  const early = gapsOf(then, upper, asOf);
  return (['metadata', 'ids'] as const).map((grade) => {
    const of = <Of extends { readonly grade: Grade }>(all: readonly Of[]) => all.filter((each) => each.grade === grade);
    const bornLater = { since: Number.NEGATIVE_INFINITY, until: picture.origins[grade] };
    // By ids a gap also ends at an edge, that of the month: it moves on within the second like the one where it begins.
    const certain = subtract(of(early), subtract(of(early), of(late)));
    return {
      grade,
      unrecorded: subtract(certain, of(record.gaps)),
      untrue: subtract(of(record.gaps), [...of(early), ...of(late), ...of(record.since), bornLater]),
    };
  });
}
