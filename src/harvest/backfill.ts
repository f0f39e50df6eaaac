import { clip } from '../domain/coverage.ts';
import { gapsOf, type ApiPicture, type Gap } from '../domain/gaps.ts';
import type { BackfillResult, Progress } from '../domain/progress.ts';
import type { Walk } from '../domain/walk.ts';
import { createView, type View } from './backfill-view.ts';
import { createFileWatch } from './file-watch.ts';
import { createFrontierKeeper, createSkewKeeper } from './frontiers.ts';
import { createHarvest, type Harvest, type HarvestDeps } from './harvester.ts';
import { endOvertaken } from './overtaken.ts';
import { progressOf } from './progress.ts';
import { createVoice, READS_BACKLOG, type Doing, type Voice } from './voice.ts';
import { backlogWork, probe, type Start } from './work.ts';

/**
 * Reads everything now in the window, then resolves. Its upper bound is fixed once (I6). Waits as long as the server is
 * away; a slice that fails while others succeed is halved, tried again and at last left.
 *
 * @throws {DataForSeoError} `account_refused`, or `api_refused` once everything else is read. @throws {LedgerError}
 */
export async function backfill(
  deps: HarvestDeps,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<BackfillResult> {
  const run = createRun(deps, onProgress, signal);
  const files = createFileWatch(deps);
  try {
    for (;;) {
      signal.throwIfAborted();
      files.look();
      run.takeStock();
      refuseAccount(run.harvest);
      for (const start of run.choose()) run.harvest.start(start);
      run.report();
      run.voice.say(run.doing());
      const waitMs = run.waitMs();
      if (waitMs === null && !run.askTheTime()) break;
      await run.harvest.lanes.wait(waitMs ?? REPORT_MS);
    }
  } finally {
    await run.harvest.lanes.stop();
    run.voice.stop();
  }
  const apiRefusal = run.harvest.standing.refusals()[0];
  if (apiRefusal !== undefined) throw apiRefusal;
  return run.result();
}

/** The account is refused: no call can succeed until a person acts, so a one-shot run ends. */
function refuseAccount(harvest: Harvest): void {
  const refusal = harvest.standing.refusals().find((error) => error.code === 'account_refused');
  if (refusal !== undefined) throw refusal;
}

type Run = {
  readonly harvest: Harvest;
  readonly voice: Voice;
  readonly takeStock: () => void;
  readonly choose: () => Start[];
  /** One call more where nothing has told the time yet: the end of it all is a guess until then. @returns Whether it was begun. */
  readonly askTheTime: () => boolean;
  readonly report: () => void;
  readonly doing: () => Doing;
  /** How long to wait for something to happen, ms; null when nothing is left to do. */
  readonly waitMs: () => number | null;
  readonly result: () => BackfillResult;
};

function createRun(deps: HarvestDeps, onProgress: (progress: Progress) => void, signal: AbortSignal): Run {
  const { ledger, clock } = deps;
  const callsBefore = ledger.journal.newestCall();
  const startedAt = clock.monotonic();
  const callsMade = () => ledger.journal.newestCall() - callsBefore;
  const harvest = createHarvest(deps, { onPage: () => report() }, signal);
  const view = createView(harvest);
  const report = () => {
    const at = { pictures: view.pictures(), now: view.now(), upper: view.upper() };
    onProgress(progressOf(harvest, at, callsMade()));
  };
  return {
    harvest,
    voice: createVoice(harvest),
    takeStock: createStockTaking(harvest, view),
    choose: () => choose(harvest, view),
    askTheTime: createTimeQuestion(harvest, view),
    report,
    doing: () => doing(harvest, view),
    waitMs: () => waitMs(harvest, view),
    result: () => ({
      ...completeness(harvest.left, gapsNow(view)),
      ...harvest.totals,
      calls: callsMade(),
      elapsedMs: Math.round(clock.monotonic() - startedAt),
    }),
  };
}

/** Windows of new APIs, the clock's skew, what has left its window unread, and the gaps that people see. */
function createStockTaking(harvest: Harvest, { now, upper }: View): () => void {
  const { deps } = harvest;
  const { ledger, serverClock, policy } = deps;
  const keepFrontiers = createFrontierKeeper(deps);
  const keepSkew = createSkewKeeper(deps);
  return () => {
    ledger.heedOthers();
    keepSkew();
    if (serverClock.sure()) endOvertaken(harvest, now());
    for (const api of policy.apis) {
      keepFrontiers(api);
      // What is lost cannot be taken back: by a guess nothing is.
      if (serverClock.sure()) ledger.accountLosses(api, now());
    }
    // Also those of an API that is refused: nobody reads them now, but people must see them.
    const gaps = policy.apis.flatMap((api) => gapsOf(ledger.picture(api), upper(), now()));
    ledger.setGaps(gaps, now());
  };
}

function choose(harvest: Harvest, view: View): Start[] {
  const { deps, standing, lanes, left } = harvest;
  const { ledger, policy } = deps;
  if (standing.pausedUntil(view.now()) !== null) return [];
  const most = standing.troubled() ? 1 : policy.lanes;
  const inFlight = ledger.openWalks().filter((walk) => lanes.has(walk.id));
  const starts = backlogWork(
    {
      pictures: view.pictures(),
      waiting: view.waiting(),
      left: new Set(left.keys()),
      inFlight,
      suspects: standing.suspects(),
      free: most - inFlight.length,
      now: view.now(),
      upper: view.upper(),
      refusals: ledger.refusals,
    },
    policy,
  );
  for (const start of starts) if (start.kind === 'resume') view.tried(start.walk);
  return probeFirst(harvest, starts, view.pictures);
}

/** What is in flight is being read; where nothing is, what failed waits for its turn. */
function doing({ lanes }: Harvest, { now, waiting }: View): Doing {
  const until = Math.min(...waiting().map((walk) => walk.retryAt ?? now()));
  const isWaiting = lanes.size() === 0 && Number.isFinite(until);
  return isWaiting ? { state: 'waiting', reason: 'what failed is tried again', until } : READS_BACKLOG;
}

function waitMs({ lanes, standing }: Harvest, { now, waiting }: View): number | null {
  const paused = standing.pausedUntil(now())?.until;
  const retries = waiting().map((walk) => walk.retryAt ?? now());
  if (lanes.size() === 0 && paused === undefined && retries.length === 0) return null;
  if (lanes.size() > 0) return REPORT_MS;
  return Math.min(Math.max((paused ?? Math.min(...retries)) - now(), 1), REPORT_MS);
}

function gapsNow({ pictures, upper, now }: View): Gap[] {
  return pictures().flatMap((picture) => gapsOf(picture, upper(), now()));
}

/** The progress is told at least so often. */
const REPORT_MS = 1_000;

/** As many answers as it takes until an unexpected time is believed. */
const TIME_QUESTIONS = 3;

/** By a wall clock that was put back there would be nothing to read, and so no answer that puts the clock right. */
function createTimeQuestion({ deps, start }: Harvest, { pictures }: View): () => boolean {
  let asked = 0;
  return () => {
    const [plan] = pictures().flatMap((picture) => probe(picture, deps.policy) ?? []);
    if (deps.serverClock.sure() || asked === TIME_QUESTIONS || plan === undefined) return false;
    asked += 1;
    start({ kind: 'begin', plan });
    return true;
  };
}

/** Where every chosen walk has failed before and nobody gets through, a walk known to be good tells the one from the other. */
function probeFirst(harvest: Harvest, starts: Start[], pictures: () => ApiPicture[]): Start[] {
  const onlyFailures = starts.every((start) => start.kind === 'resume' && start.walk.failures > 0);
  if (starts.length === 0 || !onlyFailures || harvest.standing.failuresInARow() < 2) return starts;
  const first = pictures()[0];
  const plan = first === undefined ? null : probe(first, harvest.deps.policy);
  return plan === null ? starts : [{ kind: 'begin', plan }];
}

function completeness(
  left: ReadonlyMap<number, Walk>,
  gaps: readonly Gap[],
): Pick<BackfillResult, 'complete' | 'left'> {
  const walks = [...left.values()];
  // What is about to leave the window can no longer be read in time; it becomes a loss in a moment.
  const unread = gaps.filter((gap) => !walks.some(({ range }) => clip(range, gap) !== null));
  return { complete: walks.length + unread.length === 0, left: [...walks.map(inWords), ...unread.map(unreadInWords)] };
}

function unreadInWords({ api, grade, since, until }: Gap): string {
  return `${api} ${grade} ${new Date(since).toISOString()} … ${new Date(until).toISOString()}: leaves the window before it can be read`;
}

function inWords(walk: Walk): string {
  const since = new Date(walk.range.since).toISOString();
  const until = new Date(walk.range.until).toISOString();
  return `${walk.api} ${walk.grade} ${since} … ${until}: ${walk.failure ?? 'failed'}`;
}
