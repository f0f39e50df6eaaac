import { intersect, subtract } from './coverage.ts';
import { gapsOf, upperBound, windowSince, type ApiPicture } from './gaps.ts';
import type { TimeRange } from './time-range.ts';

/**
 * How a stretch of time stands, the first that fits: it is to be read (`gap`; `gap_metadata`: its ids are held), it left the window
 * unread (`lost`, `lost_metadata`), the server contradicted itself there (`doubt`), it may still move (`unsettled`), or it is held.
 */
const STANDINGS = ['gap', 'gap_metadata', 'lost', 'lost_metadata', 'doubt', 'unsettled', 'metadata', 'ids'] as const;
export type Standing = (typeof STANDINGS)[number];

type StripPiece = TimeRange & { readonly standing: Standing };

/** Epoch ms. */
export type Strip = TimeRange & { readonly api: string; readonly pieces: readonly StripPiece[] };

/** The window of an API, cut where its standing changes; what is no piece is neither wanted nor held. */
export function stripOf(
  picture: ApiPicture,
  doubts: readonly TimeRange[],
  { now, lagMs }: { readonly now: number; readonly lagMs: number },
): Strip {
  const since = Math.min(windowSince(picture, 'ids', now), windowSince(picture, 'metadata', now));
  const upper = upperBound(now, lagMs);
  const range = { since, until: Math.max(upper, picture.segments.at(-1)?.until ?? upper) };
  const gaps = gapsOf(picture, upper, now);
  const lost = picture.losses;
  const layers: Readonly<Record<Standing, readonly TimeRange[]>> = {
    gap: subtract(gaps, picture.segments),
    gap_metadata: intersect(gaps, picture.segments),
    lost: subtract(lost, picture.segments),
    lost_metadata: lost.filter(({ grade }) => grade === 'metadata'),
    doubt: doubts,
    unsettled: picture.segments.filter(({ settledAt }) => settledAt === null),
    metadata: picture.segments.filter(({ grade }) => grade === 'metadata'),
    ids: picture.segments.filter(({ grade }) => grade === 'ids'),
  };
  let free: readonly TimeRange[] = range.until > range.since ? [range] : [];
  const pieces: StripPiece[] = [];
  for (const standing of STANDINGS) {
    pieces.push(...intersect(free, layers[standing]).map((piece) => ({ ...piece, standing })));
    free = subtract(free, layers[standing]);
  }
  return { api: picture.api, ...range, pieces: pieces.sort((a, b) => a.since - b.since) };
}
