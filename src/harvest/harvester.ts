import type { PageAnswer, PageQuestion } from '../domain/call.ts';
import { DataForSeoError } from '../domain/errors.ts';
import { afterFailure, FAILURES_OF_A_HALF, halves, LEAVE_AFTER, setAside } from '../domain/failure.ts';
import { BOUND_MARGIN_MS, upperBound } from '../domain/gaps.ts';
import type { Walk } from '../domain/walk.ts';
import { isPlausibleWidth, windowEdge } from '../domain/window.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { SavedPage } from '../ledger/save-page.ts';
import type { Clock } from '../time.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { createStanding, type Standing } from './standing.ts';
import { RepeatingPageError, SliceFailure, walkSlice } from './walk-slice.ts';
import type { HarvestPolicy, Start } from './work.ts';

/** What the harvest says while it works; src/log.ts makes lines of it. Facts hold no credential. */
type HarvestLog = {
  readonly info: (facts: object, message: string) => void;
  readonly warn: (facts: object, message: string) => void;
  readonly error: (facts: object, message: string) => void;
  readonly debug: (facts: object, message: string) => void;
};

export type HarvestDeps = {
  readonly ledger: Ledger;
  readonly client: {
    readonly readPage: (question: PageQuestion, signal: AbortSignal) => Promise<PageAnswer>;
    readonly inUse: () => number;
  };
  readonly serverClock: { readonly now: () => number; readonly sure: () => boolean; readonly skewMs: () => number };
  readonly clock: Clock;
  readonly policy: HarvestPolicy;
  readonly log: HarvestLog;
  /** Who works here, for those who look at the ledger. */
  readonly worker: { readonly pid: number; readonly version: string };
};

/** One run of the harvest: what both the one-shot backfill and the daemon are made of. */
export type Harvest = {
  readonly deps: HarvestDeps;
  readonly standing: Standing;
  readonly lanes: Lanes;
  /** Walks that this run leaves for a later one. */
  readonly left: Map<number, Walk>;
  readonly totals: { rows: number; newTasks: number };
  /** How much further than `lag` the server wants the end of a slice behind its clock, ms. */
  readonly extraLagMs: () => number;
  /** Called after each page. */
  readonly onPage: (saved: SavedPage) => void;
  readonly start: (start: Start) => void;
};

export function createHarvest(deps: HarvestDeps, onPage: (saved: SavedPage) => void, signal: AbortSignal): Harvest {
  const standing = createStanding(deps.policy.periodMs);
  const lanes = createLanes(deps.clock.sleep, signal);
  const totals = { rows: 0, newTasks: 0 };
  let extraLagMs = 0;
  const harvest: Harvest = {
    deps,
    standing,
    lanes,
    left: new Map(),
    totals,
    extraLagMs: () => extraLagMs,
    onPage: (saved) => {
      standing.succeeded(saved.walk.api);
      totals.rows += saved.rows;
      totals.newTasks += saved.newTasks;
      onPage(saved);
    },
    start: (start) => {
      const walk = start.kind === 'resume' ? start.walk : deps.ledger.beginWalk(start.plan, deps.serverClock.now());
      lanes.start(walk.id, (inner) => walkOne(harvest, walk, inner));
    },
  };
  const walkOne = async (of: Harvest, walk: Walk, inner: AbortSignal) => {
    const outcome = await walkWithFailures(of, walk, inner);
    if (outcome === 'shifted') extraLagMs = Math.min(Math.max(extraLagMs * 2, deps.policy.lagMs, 1_000), 3_600_000);
  };
  return harvest;
}

/** Walks a slice and draws the consequences of a failure. @throws What must end the run: a ledger that cannot be written, a fault of ours. */
async function walkWithFailures(harvest: Harvest, walk: Walk, signal: AbortSignal): Promise<'done' | 'shifted'> {
  const { deps } = harvest;
  try {
    await walkSlice(
      {
        readPage: deps.client.readPage,
        ledger: deps.ledger,
        limit: deps.policy.limit,
        onPage: harvest.onPage,
        circumstances: () => {
          const now = deps.serverClock.now();
          const edge = windowEdge('metadata', now, deps.ledger.refusals(walk.api));
          return { now, metadataEdge: edge, lagMs: deps.policy.lagMs, settleMs: deps.policy.settleMs };
        },
      },
      walk,
      signal,
    );
    return 'done';
  } catch (error) {
    if (signal.aborted) return 'done';
    if (error instanceof RepeatingPageError) return leave(harvest, error.walk, error.message);
    if (error instanceof SliceFailure && error.cause instanceof DataForSeoError) {
      return onRefusedPage(harvest, error.walk, error.cause);
    }
    throw error instanceof SliceFailure ? error.cause : error;
  }
}

function onRefusedPage(harvest: Harvest, walk: Walk, error: DataForSeoError): 'done' | 'shifted' {
  const { deps, standing } = harvest;
  const { ledger, policy } = deps;
  const now = deps.serverClock.now();
  const isAnswer = error.code === 'too_old' || error.code === 'not_past' || error.code === 'rejected';
  if (isAnswer) standing.succeeded(walk.api);
  const othersSucceed =
    error.code === 'unavailable' || error.code === 'throttled' ? standing.failed(walk.id, now) : true;
  const isPlausible = error.code !== 'too_old' || isPlausibleWidth(walk.grade, widthAsked(walk, now));
  const next = afterFailure(walk, error, { now, periodMs: policy.periodMs, othersSucceed, isPlausible });
  if (!isPlausible) doubtRefusal(harvest, walk, error.message);
  deps.log.warn(
    { ...factsOf(walk), code: error.code, error: error.message, hint: error.details.hint, next: next.kind },
    'a page could not be had',
  );
  switch (next.kind) {
    case 'wait_for_server':
      return dropOrKeep(harvest, walk);
    case 'retry':
      if (next.walk.failures >= LEAVE_AFTER) harvest.left.set(walk.id, next.walk);
      return dropOrKeep(harvest, next.walk);
    case 'halve':
      split(harvest, walk, now);
      return 'done';
    case 'set_aside':
      return leave(harvest, walk, error.message);
    case 'park':
      standing.refused(error, now);
      return dropOrKeep(harvest, walk);
    case 'stop_api':
      standing.apiRefused(walk.api, error, now);
      return dropOrKeep(harvest, walk);
    case 'expired':
      // By a clock that is in doubt a refusal says nothing of the window's width.
      if (!deps.serverClock.sure()) ledger.endWalk(walk, 'expired', now);
      else
        ledger.refuse(walk, { widthMs: widthAsked(walk, now), seenAt: now, callId: error.details.callId ?? 0 }, policy);
      return 'done';
    case 'shifted':
      ledger.endWalk(walk, 'shifted', now);
      return isClockToBlame(harvest, walk) ? 'done' : 'shifted';
  }
}

/** How far back the first second of a walk was asked for, ms. */
function widthAsked(walk: Walk, now: number): number {
  return now - (walk.range.since - BOUND_MARGIN_MS);
}

function doubtRefusal({ deps }: Harvest, walk: Walk, why: string): void {
  const detail = `refused as too old, though no month is so short: ${why}`;
  deps.ledger.recordDoubt({ api: walk.api, kind: 'rejected', range: walk.range, detail }, deps.serverClock.now());
}

/** The end was cut by a clock that has proved wrong since: the next one is cut by a better one. */
function isClockToBlame({ deps }: Harvest, walk: Walk): boolean {
  const { serverClock, policy } = deps;
  return !serverClock.sure() || walk.range.until > upperBound(serverClock.now(), policy.lagMs);
}

/** The tail, settling and probes come again by themselves; a slice of the backlog waits for its turn. */
function dropOrKeep(harvest: Harvest, walk: Walk): 'done' {
  const { ledger, serverClock } = harvest.deps;
  if (walk.purpose === 'tail' || walk.purpose === 'settle' || walk.purpose === 'verify') {
    ledger.endWalk(walk, 'dropped', serverClock.now());
  } else {
    ledger.keepWalk(walk);
  }
  return 'done';
}

function leave(harvest: Harvest, walk: Walk, why: string): 'done' {
  const { ledger, serverClock, policy, log } = harvest.deps;
  const now = serverClock.now();
  const aside = setAside(walk, why, { now, periodMs: policy.periodMs });
  log.error({ ...factsOf(walk), why }, 'a slice is set aside: it cannot be read as it is');
  ledger.recordDoubt({ api: walk.api, kind: 'rejected', range: walk.range, detail: why }, now);
  harvest.left.set(walk.id, aside);
  return dropOrKeep(harvest, aside);
}

function split(harvest: Harvest, walk: Walk, now: number): void {
  const { ledger } = harvest.deps;
  const { api, purpose, grade, limit } = walk;
  const plans = halves(walk).map((range) => ({ api, purpose, grade, range, limit, openingPages: 0 }));
  for (const half of ledger.splitWalk(walk, plans, now)) {
    ledger.keepWalk({ ...half, failures: FAILURES_OF_A_HALF, failure: walk.failure });
  }
}

export function factsOf(walk: Walk): object {
  const { since, until } = walk.range;
  return {
    walk: walk.id,
    api: walk.api,
    grade: walk.grade,
    purpose: walk.purpose,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    offset: walk.reading.nextOffset,
    failures: walk.failures,
  };
}
