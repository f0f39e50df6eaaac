import { lengthOf } from '../../src/domain/coverage.ts';
import { firstReading } from '../../src/domain/evidence.ts';
import { gapsOf, lossesSince, originAt, upperBound, type ApiPicture, type PlanPolicy } from '../../src/domain/gaps.ts';
import { isWorthSounding, openingGoesOn, soundingOffset, type Density } from '../../src/domain/slicing.ts';
import type { TimeRange } from '../../src/domain/time-range.ts';
import type { Walk, WalkPlan } from '../../src/domain/walk.ts';
import { windowEdge } from '../../src/domain/window.ts';
import { backlogWork } from '../../src/harvest/work.ts';

const API = 'backlinks';
const DAY_MS = 86_400_000;
const LANES = 4;
const POLICY: PlanPolicy = { tokens: 10, periodMs: 60_000, limit: 1_000 };
const CALL_MS = POLICY.periodMs / POLICY.tokens;

export type ModelRun = {
  readonly calls: number;
  /** Tasks inside the window that no finished walk lists. */
  readonly unread: number;
  /** What left its window before it was read, ms. */
  readonly lostMs: number;
  /** Walks that their window has overtaken. */
  readonly overtaken: number;
  /** Openings that were not read to their end. */
  readonly givenUp: number;
  readonly mostPages: number;
};

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type OpenWalk = Mutable<Walk>;

/**
 * A backfill as the planner makes it, in memory: a server that lists in posted order answers one call after the other, as fast
 * as the budget lets it, and four walks take turns.
 *
 * @param posted - When each task was posted, ascending, epoch ms.
 */
export function runPlan(posted: ArrayLike<number>, startedAt: number): ModelRun {
  const upper = upperBound(startedAt, 30_000);
  const state = firstPicture(startedAt);
  const accounted = { ...state.origins };
  const inFlight: OpenWalk[] = [];
  const run = { calls: 0, overtaken: 0, givenUp: 0, mostPages: 0 };
  let atLeast = 0;
  let [now, begun, listed] = [startedAt, 0, 0];
  const picture = () => withOpenWalks(state, inFlight);

  const account = () => {
    for (const grade of ['ids', 'metadata'] as const) {
      const { lost, accountedUntil } = lossesSince(picture(), grade, { accountedUntil: accounted[grade], now });
      accounted[grade] = accountedUntil;
      state.losses = [...state.losses, ...lost.map((range) => ({ ...range, grade }))];
    }
  };
  const begin = () => {
    const free = LANES - inFlight.length;
    const work = {
      pictures: [picture()],
      waiting: [],
      left: new Set<number>(),
      inFlight,
      suspects: [],
      free,
      now,
      upper,
    };
    const policy = { ...POLICY, apis: [API], lanes: LANES, lagMs: 30_000, settleMs: 3_600_000 };
    for (const start of backlogWork({ ...work, refusals: () => [] }, policy)) {
      if (start.kind === 'begin') inFlight.push(newWalk(start.plan, (begun += 1)));
    }
  };
  const endWith = (walk: OpenWalk, density: Density) => {
    inFlight.splice(inFlight.indexOf(walk), 1);
    state.densities = [...state.densities, density];
    run.mostPages = Math.max(run.mostPages, walk.reading.pages);
  };
  const endsInTime = (walk: OpenWalk) => {
    if (!isWorthSounding([...state.densities, { ...walk.range, rows: 0, glimpse: true, atLeast }], walk.limit))
      return false;
    run.calls += 1;
    now += CALL_MS;
    const rows = before(posted, walk.range.until + 1_001) - before(posted, walk.range.since - 1_000);
    const offset = soundingOffset(walk.openingPages, walk.limit);
    if (rows <= offset) walk.openingPages = 0;
    else atLeast = Math.max(atLeast, offset + 1);
    return walk.openingPages === 0;
  };
  const readPage = (walk: OpenWalk) => {
    const { range, grade } = walk;
    run.calls += 1;
    if (range.since - 1_000 < windowEdge(grade, now, [])) {
      run.overtaken += 1;
      endWith(walk, glimpseOf(walk));
      return;
    }
    if (takePage(posted, walk)) {
      const rows = before(posted, range.until) - before(posted, range.since);
      listed += rows;
      endWith(walk, { ...range, rows, glimpse: false, lastAt: walk.lastPostedAt ?? range.until });
      const segment = { ...range, grade, walkId: walk.id, settledAt: now };
      state.segments = [...state.segments, segment].sort((a, b) => a.since - b.since);
    } else if (promisesTooMuch(walk, now) && !endsInTime(walk)) {
      run.givenUp += 1;
      endWith(walk, glimpseOf(walk));
    }
  };

  while (inFlight.length > 0 || gapsOf(picture(), upper, now).length > 0) {
    account();
    begin();
    const walk = inFlight.shift();
    // What cannot be read in time any more leaves in a moment.
    now += CALL_MS;
    if (walk === undefined) continue;
    inFlight.push(walk);
    readPage(walk);
    if (run.calls > 500 + posted.length / 200)
      throw new Error(`${run.calls} calls for ${posted.length} tasks, and no end.`);
  }
  const wanted = before(posted, upper) - before(posted, state.origins.ids);
  return { ...run, unread: wanted - listed, lostMs: lengthOf(state.losses) };
}

function firstPicture(now: number): Mutable<ApiPicture> {
  const origins = { ids: originAt('ids', now, [], POLICY), metadata: originAt('metadata', now, [], POLICY) };
  return { api: API, origins, segments: [], losses: [], refusals: [], densities: [], taken: [], read: [] };
}

function withOpenWalks(state: ApiPicture, open: readonly Walk[]): ApiPicture {
  const passed = open.filter((walk) => passedBy(walk).since < passedBy(walk).until);
  return {
    ...state,
    taken: open.map((walk) => walk.range),
    read: passed.map(passedBy),
    densities: [...state.densities, ...passed.map((walk) => ({ ...glimpseOf(walk), ...passedBy(walk) }))],
  };
}

function passedBy({ range, reading }: Walk): TimeRange {
  return { since: range.since, until: Math.min(Math.max(reading.linkPostedAt ?? 0, range.since), range.until) };
}

function glimpseOf({ range, reading, firstPostedAt, lastPostedAt }: Walk): Density {
  const until = (lastPostedAt ?? range.since) + 1_000;
  return { since: range.since, until, rows: reading.rows, glimpse: true, firstAt: firstPostedAt ?? range.since };
}

function newWalk(plan: WalkPlan, id: number): OpenWalk {
  const seen = { firstPageAt: null, finishedRows: 0, describedRows: 0, firstPostedAt: null, lastPostedAt: null };
  const trouble = {
    failedLimit: null,
    pagesSinceFailed: 0,
    failures: 0,
    retryAt: null,
    failure: null,
    doubts: 0,
    found: 0,
  };
  return { ...plan, id, ...seen, ...trouble, reading: firstReading(), firstCall: null, lastCall: null, calls: 0 };
}

/** @returns Whether it was the last one. */
function takePage(posted: ArrayLike<number>, walk: OpenWalk): boolean {
  const { range, reading } = walk;
  const end = before(posted, range.until + 1_001);
  const from = Math.min(before(posted, range.since - 1_000) + reading.nextOffset, end);
  const to = Math.min(from + walk.limit, end);
  const inside = (at: number) => Math.min(Math.max(at, range.since), range.until - 1_000);
  if (to > from) {
    walk.firstPostedAt ??= inside(posted[from] ?? 0);
    walk.lastPostedAt = inside(posted[to - 1] ?? 0);
  }
  walk.reading = {
    ...reading,
    nextOffset: reading.nextOffset + to - from - 1,
    pages: reading.pages + 1,
    rows: reading.rows + to - from,
    link: 'last',
    linkPostedAt: to > from ? (posted[to - 1] ?? 0) : reading.linkPostedAt,
  };
  return to - from < walk.limit;
}

function promisesTooMuch(walk: Walk, now: number): boolean {
  const { range, reading, openingPages, limit, firstPostedAt, lastPostedAt } = walk;
  const seen = {
    read: reading.pages,
    rows: reading.rows,
    most: openingPages,
    limit,
    firstPostedAt: firstPostedAt ?? range.since,
    lastPostedAt: lastPostedAt ?? range.since,
    pressed: range.since - windowEdge(walk.grade, now, []) < DAY_MS,
    resumed: false,
  };
  return openingPages > 0 && !openingGoesOn(range, seen);
}

/** How many were posted before `at`. */
function before(posted: ArrayLike<number>, at: number): number {
  let [low, high] = [0, posted.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((posted[middle] ?? Infinity) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
