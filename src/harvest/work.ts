import { isDue } from '../domain/failure.ts';
import { isPressed, upperBound, type ApiPicture, type PlanPolicy } from '../domain/gaps.ts';
import { mostBesideEdge } from '../domain/near-edge.ts';
import { nextSlices } from '../domain/plan.ts';
import { SLICE_PAGES } from '../domain/slicing.ts';
import type { Walk, WalkPlan } from '../domain/walk.ts';
import type { Refusal } from '../domain/window.ts';

/** Settings that shape the harvest; durations in ms. */
export type HarvestPolicy = PlanPolicy & {
  readonly apis: readonly string[];
  /** Walks in flight at the most. One of them is kept for the tail by the daemon. */
  readonly lanes: number;
  readonly lagMs: number;
  readonly settleMs: number;
};

export type Start =
  { readonly kind: 'resume'; readonly walk: Walk } | { readonly kind: 'begin'; readonly plan: WalkPlan };

export type WorkPicture = {
  readonly pictures: readonly ApiPicture[];
  /** Begun and not in flight. */
  readonly waiting: readonly Walk[];
  /** Walks that this run has left for a later one. */
  readonly left: ReadonlySet<number>;
  readonly inFlight: readonly Walk[];
  /** Walks that failed since a call last succeeded, in that order: others go first, or one bad slice would hold up all. */
  readonly suspects: readonly number[];
  /** How many walks may start. */
  readonly free: number;
  readonly now: number;
  /** The end of what is wanted, exclusive; of an API in `uppers` it is that. */
  readonly upper: number;
  readonly uppers?: ReadonlyMap<string, number>;
  /** Calls a period that the tails take. */
  readonly tailCalls?: number;
  readonly refusals: (api: string) => readonly Refusal[];
};

/** What is known of the walks that were begun, in flight or waiting. */
type BegunWalks = Pick<WorkPicture, 'waiting' | 'suspects' | 'inFlight' | 'left' | 'now'>;

/** Slices that may fail in a row before no further one is begun. */
const MOST_SUSPECTS = 3;

/**
 * What to start next: walks that were begun first, then new slices, earliest deadline first. While a walk near an edge needs
 * the budget to end in time, nothing joins it.
 */
export function backlogWork(picture: WorkPicture, policy: HarvestPolicy): Start[] {
  const most = mostBesideEdge(picture.inFlight, { now: picture.now, policy, refusals: picture.refusals });
  const free = Math.min(picture.free, most - picture.inFlight.length);
  if (free <= 0) return [];
  const { healthy, failing } = dueWalks(picture, policy.periodMs);
  // Where several slices have failed in a row it is the server: more of them would tell nothing new.
  const wanted = picture.suspects.length < MOST_SUSPECTS ? free - healthy.length : 0;
  const { now, upper, uppers = new Map<string, number>(), tailCalls = 0 } = picture;
  const cutting = { now, upper, uppers, policy, inFlight: picture.inFlight.length, tailCalls };
  const fresh = wanted <= 0 ? [] : nextSlices(picture.pictures, cutting, wanted);
  const pressed = fresh.filter(({ deadline }) => isPressed(deadline, picture.now, policy));
  const begun: Start[] = (pressed.length > 0 ? pressed : fresh).map(({ api, grade, range, openingPages }) => ({
    kind: 'begin',
    plan: { api, grade, range, openingPages, limit: policy.limit, purpose: purposeOf(range) },
  }));
  // One that fails goes before fresh ones, or it would wait until the last of them is read; not where nobody gets through.
  const [tried, others] = mayTry(picture) ? [failing.slice(0, 1), failing.slice(1)] : [[], failing];
  return [...healthy, ...tried, ...begun, ...others].slice(0, free);
}

/** Whether a walk that was begun waits for a lane: it goes before whatever would only be begun now. */
export function isOneWaiting(picture: BegunWalks, periodMs: number): boolean {
  const { healthy, failing } = dueWalks(picture, periodMs);
  return healthy.length > 0 || (failing.length > 0 && mayTry(picture));
}

/** One at a time, and only while calls succeed. */
function mayTry({ suspects, inFlight }: BegunWalks): boolean {
  return suspects.length === 0 && !inFlight.some((walk) => walk.failures > 0);
}

/** Begun walks whose turn it is: those that have not failed, oldest slice first, and those that have, tried longest ago first. */
function dueWalks(picture: BegunWalks, periodMs: number): { healthy: Start[]; failing: Start[] } {
  const { waiting, left, suspects, now } = picture;
  const suspicion = (walk: Walk) => suspects.indexOf(walk.id);
  const isFailing = (walk: Walk) => walk.failures > 0 || suspicion(walk) >= 0;
  const due = waiting
    .filter((walk) => !left.has(walk.id) && isDue(walk, now, periodMs))
    .sort((a, b) => suspicion(a) - suspicion(b) || a.failures - b.failures || a.range.since - b.range.since);
  const resume = (walk: Walk): Start => ({ kind: 'resume', walk });
  return { healthy: due.filter((walk) => !isFailing(walk)).map(resume), failing: due.filter(isFailing).map(resume) };
}

function purposeOf(range: WalkPlan['range']): WalkPlan['purpose'] {
  return range.until - range.since <= 1000 ? 'isolate' : 'backfill';
}

/** How long a slice may take to read while every lane has one, ms. */
export function sliceReadingMs({ lanes, periodMs, tokens }: HarvestPolicy): number {
  return (SLICE_PAGES * lanes * periodMs) / tokens;
}

/**
 * A reading of a minute that is known to be good: it tells whether the server is down or only the failing slices are.
 * Null where nothing has been read yet.
 */
export function probe(picture: ApiPicture, policy: HarvestPolicy): WalkPlan | null {
  const newest = picture.segments.at(-1);
  if (newest === undefined) return null;
  const range = { since: Math.max(newest.since, newest.until - 60_000), until: newest.until };
  return { api: picture.api, grade: newest.grade, range, limit: policy.limit, openingPages: 0, purpose: 'verify' };
}

/**
 * Where the daemon's backlog ends and its tail begins: the newest covered second, or where the tail reaches back to. Where the tail
 * pauses for longer than it reaches back, what grows in between waits until it is as long: else each turn of the loop would read
 * the few seconds that have come since the one before.
 */
export function backlogUpper(picture: ApiPicture, policy: HarvestPolicy, now: number): number {
  const newest = upperBound(now, policy.lagMs);
  const covered = picture.segments.at(-1)?.until ?? 0;
  const reached = newest - policy.settleMs;
  return Math.min(reached - covered < policy.settleMs ? covered : reached, newest);
}
