import type { PageAnswer, PageQuestion } from '../domain/call.ts';
import { DataForSeoError, LedgerError } from '../domain/errors.ts';
import { withLargerPages } from '../domain/page-limit.ts';
import type { Word } from '../domain/vitals.ts';
import type { Walk, WalkPlan } from '../domain/walk.ts';
import { windowEdge } from '../domain/window.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { SavedPage } from '../ledger/save-page.ts';
import type { Clock } from '../time.ts';
import { keepLearned, leave, onRefusedPage } from './consequences.ts';
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
    /** Until when nobody may call, on the monotonic clock; Infinity while that depends on an answer, null where somebody may. */
    readonly waiting: () => { readonly untilMono: number } | null;
    /** How many tokens the backlog leaves free for the tail is asked of this. */
    readonly keep: (kept: () => number) => void;
  };
  readonly serverClock: { readonly now: () => number; readonly sure: () => boolean; readonly skewMs: () => number };
  readonly clock: Clock;
  readonly policy: HarvestPolicy;
  readonly log: HarvestLog;
  /** Who works here, for those who look at the ledger. */
  readonly worker: { readonly pid: number; readonly version: string };
  /** Hears what is said of the work, also while it cannot be written down. */
  readonly hear?: (word: Word) => void;
};

/** One run of the harvest: what both the one-shot backfill and the daemon are made of. */
export type Harvest = {
  readonly deps: HarvestDeps;
  readonly standing: Standing;
  readonly lanes: Lanes;
  /** Walks that this run leaves for a later one. */
  readonly left: Map<number, Walk>;
  /** Walks whose beginning was refused as too old once, and the server's time of that; Infinity by a clock that was in doubt. */
  readonly refusedAt: Map<number, number>;
  readonly totals: { rows: number; newTasks: number };
  /** How much further than `lag` the server wants the end of a slice behind its clock, ms. */
  readonly extraLagMs: () => number;
  /** Called after each page. */
  readonly onPage: (saved: SavedPage) => void;
  readonly onFailure: (walk: Walk) => void;
  readonly start: (start: Start) => void;
};

export type HarvestHooks = {
  /** Called after each page is saved. */
  readonly onPage: (saved: SavedPage) => void;
  /** A page could not be had; the walk as it was asked for. */
  readonly onFailure?: (walk: Walk) => void;
  /** The ledger cannot be written at the moment. Where nobody hears of it, that ends the run. */
  readonly onUnwritable?: (error: LedgerError) => void;
};

export function createHarvest(deps: HarvestDeps, hooks: HarvestHooks, signal: AbortSignal): Harvest {
  const standing = createStanding(deps.policy.periodMs);
  const lanes = createLanes(deps.clock.sleep, signal);
  const totals = { rows: 0, newTasks: 0 };
  let extraLagMs = 0;
  const harvest: Harvest = {
    deps,
    standing,
    lanes,
    left: new Map(),
    refusedAt: new Map(),
    totals,
    extraLagMs: () => extraLagMs,
    onPage: (saved) => {
      standing.succeeded(saved.walk.api);
      harvest.refusedAt.delete(saved.walk.id);
      totals.rows += saved.rows;
      totals.newTasks += saved.newTasks;
      if (saved.next === 'done') keepLearned(harvest, withLargerPages(saved.walk, deps.policy.limit));
      hooks.onPage(saved);
    },
    onFailure: (walk) => hooks.onFailure?.(walk),
    start: (start) => {
      if (isBeingAsked(harvest, start.kind === 'resume' ? start.walk.api : start.plan.api)) return;
      const walk = start.kind === 'resume' ? start.walk : begin(deps, start.plan);
      lanes.start(walk.id, (inner) => walkOne(walk, inner));
    },
  };
  const walkOne = async (walk: Walk, inner: AbortSignal) => {
    try {
      const outcome = await walkWithFailures(harvest, walk, inner);
      if (outcome === 'shifted') extraLagMs = Math.min(Math.max(extraLagMs * 2, deps.policy.lagMs, 1_000), 3_600_000);
    } catch (error) {
      if (hooks.onUnwritable === undefined || !isUnwritable(error)) throw error;
      hooks.onUnwritable(error);
    }
  };
  return harvest;
}

/** A refused API is asked by one walk at a time whether it answers again. */
export function isBeingAsked({ deps, standing, lanes }: Harvest, api: string): boolean {
  if (!standing.refusedApis().includes(api)) return false;
  return deps.ledger.openWalks().some((walk) => walk.api === api && lanes.has(walk.id));
}

/** Its page is lost, the walk stands where the page before left it: room on the disk mends all of it. */
export function isUnwritable(error: unknown): error is LedgerError {
  return error instanceof LedgerError && error.code === 'unwritable';
}

/** Readings that begin anew each time start with what the last one learned of the rows a page may have. */
function begin({ ledger, serverClock }: HarvestDeps, plan: WalkPlan): Walk {
  const isSlice = plan.purpose === 'backfill' || plan.purpose === 'isolate' || plan.purpose === 'recount';
  const learned = isSlice ? null : ledger.upkeep.pageLimit(plan.api);
  if (learned === null) return ledger.beginWalk(plan, serverClock.now());
  const walk = { ...ledger.beginWalk({ ...plan, limit: learned.limit }, serverClock.now()), ...learned };
  ledger.keepWalk(walk);
  return walk;
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
    if (error instanceof RepeatingPageError) harvest.onFailure(error.walk);
    if (error instanceof RepeatingPageError) return leave(harvest, error.walk, error.message);
    if (error instanceof SliceFailure && error.cause instanceof DataForSeoError) {
      harvest.onFailure(error.walk);
      return onRefusedPage(harvest, error.walk, error.cause);
    }
    throw error instanceof SliceFailure ? error.cause : error;
  }
}
