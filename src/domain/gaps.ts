import { clip, heldOf, intersect, reachingInto, subtract, union, unsettledOf, type Segment } from './coverage.ts';
import { SLICE_PAGES, type Density } from './slicing.ts';
import type { Grade } from './task.ts';
import type { TimeRange } from './time-range.ts';
import { windowEdge, type Refusal } from './window.ts';

/** Everything that decides what to read next of one API; worked out afresh from the ledger each time. */
export type ApiPicture = {
  readonly api: string;
  /** The first second of each window that could be read in time when this ledger was born. */
  readonly origins: Readonly<Record<Grade, number>>;
  readonly segments: readonly Segment[];
  readonly losses: readonly (TimeRange & { readonly grade: Grade })[];
  readonly refusals: readonly Refusal[];
  readonly densities: readonly Density[];
  /** Slices that a walk has begun and not ended, in flight or waiting. */
  readonly taken: readonly TimeRange[];
  /** What of those has been passed already: it is no longer ahead, though not proven yet. */
  readonly read: readonly TimeRange[];
};

export type PlanPolicy = {
  readonly tokens: number;
  readonly periodMs: number;
  /** Rows a page, 1 … 1000. */
  readonly limit: number;
};

export type Gap = TimeRange & {
  readonly api: string;
  readonly grade: Grade;
  /** When its oldest second leaves the window of its grade. */
  readonly expiresAt: number;
};

/** One second is asked for on each side of a slice (I5). */
export const BOUND_MARGIN_MS = 1_000;

/** The end of what can be read now, exclusive: `lag` behind the server's clock, a whole second (I6). */
export function upperBound(now: number, lagMs: number): number {
  return Math.floor((now - lagMs) / 1000) * 1000;
}

/** What is known of the server's clock comes cut to the second and moves in such steps; a few of them are no room at all. */
const CLOCK_GRAIN_MS = 5_000;

/** The edges of both grades are read at the same time, out of one budget, and a slice may hold twice what its beginning promised. */
const EDGE_SLICES = 4;

/** The window of a new API begins as far inside the edge as the slices at both edges take to read: minutes, for calls that would be lost. */
export function originAt(grade: Grade, now: number, refusals: readonly Refusal[], policy: PlanPolicy): number {
  const reading = Math.max((EDGE_SLICES * SLICE_PAGES * policy.periodMs) / policy.tokens, CLOCK_GRAIN_MS);
  return windowEdge(grade, now, refusals) + BOUND_MARGIN_MS + Math.ceil(reading / 1000) * 1000;
}

/** Whether what expires then lies so near an edge that it cannot wait for a few slices of pages. */
export function isPressed(expiresAt: number, now: number, policy: PlanPolicy): boolean {
  return expiresAt - now < (2 * EDGE_SLICES * SLICE_PAGES * policy.periodMs) / policy.tokens;
}

/** Where the window of a grade begins for us now, ms. */
export function windowSince(picture: ApiPicture, grade: Grade, now: number): number {
  return Math.max(picture.origins[grade], windowEdge(grade, now, picture.refusals));
}

type Moment = { readonly upper: number; readonly now: number };
type KnownGaps = Moment & { readonly gaps: readonly Gap[] };

/** A turn of the loop asks for the gaps of one picture, which nobody changes, five times, by two bounds. */
const lastGaps = new WeakMap<ApiPicture, readonly KnownGaps[]>();
const REMEMBERED = 2;

/**
 * Window minus coverage minus what is on record as lost, earliest deadline first.
 * @param upper - The end of what is wanted, exclusive.
 */
export function gapsOf(picture: ApiPicture, upper: number, now: number): readonly Gap[] {
  const known = lastGaps.get(picture) ?? [];
  const same = known.find((each) => each.upper === upper && each.now === now);
  if (same !== undefined) return same.gaps;
  const gaps = findGaps(picture, { upper, now });
  lastGaps.set(picture, [{ upper, now, gaps }, ...known].slice(0, REMEMBERED));
  return gaps;
}

type Accounted = { readonly losses: ApiPicture['losses'] } & Readonly<Record<Grade, readonly TimeRange[]>>;
const accountedIn = new WeakMap<readonly Segment[], Accounted>();

/** What is held or on record as lost, joined; worked out once for each list of segments and of losses, which nobody changes. */
function accountedOf({ segments, losses }: ApiPicture, grade: Grade): readonly TimeRange[] {
  const known = accountedIn.get(segments);
  if (known?.losses === losses) return known[grade];
  const joined = (of: Grade) => {
    const held = heldOf(segments, of);
    const lost = losses.filter((loss) => loss.grade === of);
    return lost.length === 0 ? held : union([...held, ...lost]);
  };
  const accounted = { losses, ids: joined('ids'), metadata: joined('metadata') };
  accountedIn.set(segments, accounted);
  return accounted[grade];
}

function findGaps(picture: ApiPicture, { upper, now }: Moment): Gap[] {
  const monthSince = Math.min(windowSince(picture, 'metadata', now), upper);
  const wanted: Record<Grade, TimeRange> = {
    metadata: { since: monthSince, until: upper },
    ids: { since: windowSince(picture, 'ids', now), until: monthSince },
  };
  const gaps = (['metadata', 'ids'] as const).flatMap((grade) => {
    const edge = windowEdge(grade, now, picture.refusals);
    return subtract([wanted[grade]], reachingInto(accountedOf(picture, grade), wanted[grade])).map((range) => ({
      ...range,
      api: picture.api,
      grade,
      expiresAt: now + range.since - edge,
    }));
  });
  return [...gaps, ...idsOfLostMetadata(picture, wanted.metadata, now)].sort((a, b) => a.expiresAt - b.expiresAt);
}

/** Where the month's metadata is lost already, the ids are still wanted. */
function idsOfLostMetadata(picture: ApiPicture, month: TimeRange, now: number): Gap[] {
  const lost = picture.losses.flatMap((loss) => (loss.grade === 'metadata' ? (clip(loss, month) ?? []) : []));
  if (lost.length === 0) return [];
  const edge = windowEdge('ids', now, picture.refusals);
  return subtract(lost, reachingInto(accountedOf(picture, 'ids'), month)).map((range) => ({
    ...range,
    api: picture.api,
    grade: 'ids',
    expiresAt: now + range.since - edge,
  }));
}

/** A part of a gap; its deadline is its own. */
export function narrowed(gap: Gap, range: TimeRange): Gap {
  return { ...gap, ...range, expiresAt: gap.expiresAt + range.since - gap.since };
}

/** What is still ahead of a picture: its gaps less what open walks have passed. */
export function ahead(picture: ApiPicture, upper: number, now: number): Gap[] {
  return gapsOf(picture, upper, now).flatMap((gap) =>
    subtract([gap], picture.read).map((range) => narrowed(gap, range)),
  );
}

/**
 * What left the six months before a reading had settled it, and is not on record as that yet: what may have come late there cannot be
 * had any more. Not while a walk reads there that was begun in time.
 */
export function lostUnsettled(picture: ApiPicture, now: number): readonly TimeRange[] {
  const unsettled = unsettledOf(picture.segments);
  const [oldest] = unsettled;
  if (oldest === undefined) return [];
  const { accountedUntil: until } = lossesSince(picture, 'ids', { accountedUntil: 0, now });
  if (oldest.since >= until) return [];
  const known = picture.losses.filter(({ grade }) => grade === 'ids');
  return subtract(intersect(unsettled, [{ since: oldest.since, until }]), known);
}

/** What has left the window, and up to where that is known for good. */
export type Leaving = { readonly lost: readonly TimeRange[]; readonly accountedUntil: number };

/**
 * What has left the window unread since it was last looked at (I7). A slice that is being read was begun in time; whether it
 * is lost shows when its walk ends, so the account stops before it.
 */
export function lossesSince(
  picture: ApiPicture,
  grade: Grade,
  since: { accountedUntil: number; now: number },
): Leaving {
  const edge = windowEdge(grade, since.now, picture.refusals);
  const from = Math.max(picture.origins[grade], since.accountedUntil);
  const underWay = picture.taken.filter((range) => range.until > from).map((range) => range.since);
  const until = Math.min(edge, ...underWay);
  if (until <= from) return { lost: [], accountedUntil: from };
  const left = { since: from, until };
  return { lost: subtract([left], reachingInto(accountedOf(picture, grade), left)), accountedUntil: until };
}
