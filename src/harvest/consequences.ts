import { DataForSeoError, withHint } from '../domain/errors.ts';
import { afterFailure, FAILURES_OF_A_HALF, halves, LEAVE_AFTER, setAside } from '../domain/failure.ts';
import { BOUND_MARGIN_MS, upperBound } from '../domain/gaps.ts';
import { learnedLimit } from '../domain/page-limit.ts';
import type { Walk } from '../domain/walk.ts';
import { isPlausibleWidth } from '../domain/window.ts';
import type { Harvest } from './harvester.ts';
import { factsOf } from './walk-facts.ts';

/**
 * A second refusal confirms the first one where it comes soon: later the window's edge has moved on, and a first one that was odd would
 * have the window taken for narrower than any answer has shown.
 */
const SAME_QUESTION_PERIODS = 10;

/** What comes of a page that could not be had. `shifted`: the end of the walk was not in the past by the server's clock. */
export function onRefusedPage(harvest: Harvest, walk: Walk, error: DataForSeoError): 'done' | 'shifted' {
  const { deps, standing } = harvest;
  const { serverClock, policy } = deps;
  const now = serverClock.now();
  const isAnswer = error.code === 'too_old' || error.code === 'not_past' || error.code === 'rejected';
  if (isAnswer) answered(harvest, walk.api);
  // A server whose answer is too long for us answers: nobody else's success is needed to blame the page.
  const isFailure = (error.code === 'unavailable' || error.code === 'throttled') && error.details.overlong !== true;
  const othersSucceed = isFailure ? standing.failed(walk, now) : true;
  const isPlausible = error.code !== 'too_old' || isPlausibleWidth(walk.grade, widthAsked(walk, now));
  const isRepeated = now - (harvest.refusedAt.get(walk.id) ?? -Infinity) <= SAME_QUESTION_PERIODS * policy.periodMs;
  const next = afterFailure(walk, error, { now, periodMs: policy.periodMs, othersSucceed, isPlausible, isRepeated });
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
      if (error.code === 'too_old' && isPlausible) harvest.refusedAt.set(walk.id, serverClock.sure() ? now : Infinity);
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
      refuseApi(harvest, walk, error);
      return dropOrKeep(harvest, walk);
    case 'expired':
      expire(harvest, walk, error);
      return 'done';
    case 'shifted':
      deps.ledger.endWalk(walk, 'shifted', now);
      return isClockToBlame(harvest, walk) ? 'done' : 'shifted';
  }
}

/** It refuses a question, and so the API itself is not refused. */
function answered({ deps, standing }: Harvest, api: string): void {
  if (standing.refusedApis().includes(api)) deps.ledger.forgiveApi(api);
  standing.succeeded(api);
}

/** Written down too, for whoever looks at the ledger. */
function refuseApi({ deps, standing }: Harvest, { api }: Walk, error: DataForSeoError): void {
  const now = deps.serverClock.now();
  const { until } = standing.apiRefused(api, error, now);
  const { statusCode, httpStatus } = error.details;
  const code = String(statusCode ?? httpStatus ?? error.code);
  deps.ledger.refuseApi(api, { at: now, until, code, reason: withHint(error) });
}

/**
 * A walk whose beginning is refused ends, and the window is narrower than what was asked for. Of two refusals the first says more: by
 * the time of the second, which may have waited for its turn, the edge has moved past the same second.
 */
function expire(harvest: Harvest, walk: Walk, error: DataForSeoError): void {
  const { ledger, serverClock, policy } = harvest.deps;
  const now = serverClock.now();
  const firstAt = Math.min(harvest.refusedAt.get(walk.id) ?? now, now);
  harvest.refusedAt.delete(walk.id);
  // By a clock that is in doubt a refusal says nothing of the window's width.
  if (!serverClock.sure()) {
    ledger.endWalk(walk, 'expired', now);
    return;
  }
  const { callId = 0 } = error.details;
  ledger.refuse(walk, { widthMs: widthAsked(walk, firstAt), seenAt: now, callId }, policy);
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

/**
 * A slice waits for its turn. So does a stretch of the tail that fails on its own (I8): handed over to the backlog, which tries it
 * again and halves it, it holds up no newer task. Where nobody gets through, the tail and probes come again by themselves.
 */
function dropOrKeep(harvest: Harvest, walk: Walk): 'done' {
  const { ledger, serverClock } = harvest.deps;
  const { purpose, range, failures } = walk;
  keepLearned(harvest, walk);
  if (purpose === 'tail' && failures > 0)
    ledger.handOver(walk, range.until - range.since <= 1_000 ? 'isolate' : 'backfill', serverClock.now());
  else if (purpose === 'tail' || purpose === 'verify') ledger.endWalk(walk, 'dropped', serverClock.now());
  else ledger.keepWalk(walk);
  return 'done';
}

/** What a walk learned of the rows a page may have outlives it, for those that begin anew each time. */
export function keepLearned({ deps }: Harvest, walk: Walk): void {
  if (walk.purpose === 'backfill' || walk.purpose === 'isolate' || walk.purpose === 'recount') return;
  const { upkeep } = deps.ledger;
  const learned = learnedLimit(walk, deps.policy.limit);
  if (learned !== null || upkeep.pageLimit(walk.api) !== null) upkeep.keepPageLimit(walk.api, learned);
}

/** Sets a slice aside that cannot be read as it is, with a doubt. */
export function leave(harvest: Harvest, walk: Walk, why: string): 'done' {
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
    // What it had found calls for another reading later, of either half: nobody knows in which it lay.
    ledger.keepWalk({ ...half, failures: FAILURES_OF_A_HALF, failure: walk.failure, found: walk.found });
  }
}
