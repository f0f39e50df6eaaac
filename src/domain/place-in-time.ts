import type { Segment } from './coverage.ts';
import { gapsOf, upperBound, type ApiPicture, type Gap } from './gaps.ts';
import type { Grade } from './task.ts';
import type { TimeRange } from './time-range.ts';

export type PlaceTerms = { readonly now: number; readonly lagMs: number };

/** Where a second of an API stands. Instants are epoch ms. */
export type Place = {
  readonly segment: Segment | null;
  readonly lack:
    | { readonly kind: 'future' | 'left' }
    | { readonly kind: 'too_young'; readonly readableAt: number }
    | { readonly kind: 'before_origin'; readonly origin: number }
    | { readonly kind: 'lost'; readonly grade: Grade; readonly loss: TimeRange }
    | { readonly kind: 'being_read'; readonly grade: Grade }
    | { readonly kind: 'gap'; readonly gap: Gap }
    | null;
};

/**
 * Which reading covers the second that begins at `at`, and what is lacking. Metadata that is lost is lacking also where the
 * ids are covered.
 */
export function placeOf(picture: ApiPicture, at: number, terms: PlaceTerms): Place {
  const segment = picture.segments.find((each) => contains(each, at)) ?? null;
  return { segment, lack: lackAt(picture, at, { ...terms, segment }) };
}

function lackAt(picture: ApiPicture, at: number, of: PlaceTerms & { segment: Segment | null }): Place['lack'] {
  const { now, lagMs, segment } = of;
  if (at >= now) return { kind: 'future' };
  if (segment?.grade === 'metadata') return null;
  const upper = upperBound(now, lagMs);
  if (at >= upper && segment === null) return { kind: 'too_young', readableAt: at + 1000 + lagMs };
  const loss = picture.losses.find((each) => contains(each, at) && (segment === null || each.grade === 'metadata'));
  const gap = gapsOf(picture, upper, now).find((each) => contains(each, at));
  if (gap !== undefined) {
    const isTaken = picture.taken.some((range) => contains(range, at));
    return isTaken ? { kind: 'being_read', grade: gap.grade } : { kind: 'gap', gap };
  }
  if (loss !== undefined) return { kind: 'lost', grade: loss.grade, loss };
  if (segment !== null) return null;
  const origin = picture.origins.ids;
  return at < origin ? { kind: 'before_origin', origin } : { kind: 'left' };
}

function contains(range: TimeRange, at: number): boolean {
  return at >= range.since && at < range.until;
}
