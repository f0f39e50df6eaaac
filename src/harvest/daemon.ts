import { gapsOf, upperBound, type ApiPicture } from '../domain/gaps.ts';
import type { WalkPlan } from '../domain/walk.ts';
import { createFrontierKeeper, createSkewKeeper } from './frontiers.ts';
import { createHarvest, factsOf, type Harvest, type HarvestDeps } from './harvester.ts';
import type { Pulse } from './pulse.ts';
import { createSchedule } from './schedule.ts';
import { createVoice, READS_BACKLOG, type Doing } from './voice.ts';
import { backlogUpper, backlogWork, settleWork, tailWork, type Start } from './work.ts';

export type DaemonOptions = {
  readonly tailCron: string;
  readonly pulse: Pulse;
};

/** It looks up at least so often while nothing happens. */
const LOOK_UP_MS = 5_000;

/** One lane is kept for the tail, so that a backlog never makes new tasks wait. */
const TAIL_LANES = 1;

/**
 * The daemon: reads new tasks at each tick of the schedule, and with the rest of the budget whatever the window holds and the
 * ledger lacks. A refused account parks it; it looks again at growing intervals. Resolves once `signal` has stopped it.
 *
 * @throws {LedgerError} when nothing can be saved.
 */
export async function runDaemon(deps: HarvestDeps, options: DaemonOptions, signal: AbortSignal): Promise<void> {
  const { policy, serverClock, log } = deps;
  const harvest = createHarvest(
    deps,
    (saved) => {
      log.debug({ ...factsOf(saved.walk), rows: saved.rows, newTasks: saved.newTasks }, 'page saved');
      if (saved.walk.purpose === 'tail' && saved.next === 'done') options.pulse.tailRead(saved.walk.api);
    },
    signal,
  );
  const tailDue = new Set(policy.apis);
  const schedule = createSchedule(options.tailCron, deps.clock);
  const voice = createVoice(harvest);
  const keepFrontiers = createFrontierKeeper(deps);
  const keepSkew = createSkewKeeper(deps);
  try {
    while (!signal.aborted) {
      const now = serverClock.now();
      options.pulse.turned();
      if (schedule.ticked()) policy.apis.forEach((api) => tailDue.add(api));
      keepSkew();
      takeStock(harvest, keepFrontiers, now);
      for (const start of chooseWork(harvest, tailDue, now)) harvest.start(start);
      voice.say(doingOf(harvest, now));
      await harvest.lanes.wait(schedule.untilTick(waitMs(harvest, now))).catch(unlessStopped(signal));
    }
  } finally {
    await harvest.lanes.stop();
    voice.stop();
  }
}

function unlessStopped(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}

function takeStock({ deps }: Harvest, keepFrontiers: (api: string) => void, now: number): void {
  const { ledger, policy, log, serverClock } = deps;
  for (const api of policy.apis) {
    keepFrontiers(api);
    // What is lost cannot be taken back: by a guess nothing is.
    for (const loss of serverClock.sure() ? ledger.accountLosses(api, now) : []) {
      log.warn(
        {
          api,
          grade: loss.grade,
          since: new Date(loss.since).toISOString(),
          until: new Date(loss.until).toISOString(),
        },
        'a stretch left the window before it was read',
      );
    }
  }
  const upper = upperBound(now, policy.lagMs);
  ledger.setGaps(
    policy.apis.flatMap((api) => gapsOf(ledger.picture(api), upper, now)),
    now,
  );
}

/** The tail first, then what has to settle, then the backlog. */
function chooseWork(harvest: Harvest, tailDue: Set<string>, now: number): Start[] {
  const { deps, standing, lanes } = harvest;
  // A daemon leaves nothing: each slice has its next turn.
  harvest.left.clear();
  const { ledger, policy } = deps;
  if (standing.pausedUntil(now) !== null) return [];
  const refused = standing.refusedApis(now);
  const pictures = policy.apis.filter((api) => !refused.includes(api)).map(ledger.picture);
  const open = ledger.openWalks();
  const most = standing.troubled() ? 1 : policy.lanes;
  let free = most - lanes.size();
  const starts: Start[] = [];
  const begin = (plan: WalkPlan | null) => {
    const isUnderWay = open.some(
      (walk) => walk.api === plan?.api && walk.purpose === plan.purpose && lanes.has(walk.id),
    );
    if (plan === null || free <= 0 || isUnderWay || plan.range.since >= plan.range.until) return false;
    starts.push({ kind: 'begin', plan });
    free -= 1;
    return true;
  };
  for (const picture of pictures.filter(({ api }) => tailDue.has(api))) {
    if (begin(tailWork(picture, policy, { now: now - harvest.extraLagMs(), newestPosted: ledger.newestPosted })))
      tailDue.delete(picture.api);
  }
  for (const picture of pictures) begin(settleWork(picture, policy, now));
  const spare = standing.troubled() ? free : free - TAIL_LANES;
  return [...starts, ...backlogStarts(harvest, pictures, { now, free: spare })];
}

function backlogStarts(harvest: Harvest, pictures: readonly ApiPicture[], at: { now: number; free: number }): Start[] {
  const { ledger, policy } = harvest.deps;
  const open = ledger.openWalks();
  const waiting = open.filter((walk) => pictures.some(({ api }) => api === walk.api) && !harvest.lanes.has(walk.id));
  const inFlight = open.filter((walk) => harvest.lanes.has(walk.id));
  const left = new Set<number>();
  const suspects = harvest.standing.suspects();
  const common = { left, suspects, inFlight, now: at.now, refusals: ledger.refusals };
  // Each API's backlog ends where its own tail begins.
  const uppers = pictures.map((picture) => backlogUpper(picture, policy, at.now - harvest.extraLagMs()));
  const first = backlogWork({ ...common, pictures: [], waiting, free: at.free, upper: 0 }, policy);
  const fresh = pictures.flatMap((picture, index) =>
    backlogWork(
      { ...common, pictures: [picture], waiting: [], free: at.free - first.length, upper: uppers[index] ?? 0 },
      policy,
    ),
  );
  return [...first, ...fresh].slice(0, Math.max(at.free, 0));
}

function waitMs(harvest: Harvest, now: number): number {
  const paused = harvest.standing.pausedUntil(now);
  const retries = harvest.deps.ledger.openWalks().flatMap((walk) => (walk.retryAt === null ? [] : [walk.retryAt]));
  const next = Math.min(...[paused?.until ?? Infinity, ...retries].filter((at) => at > now), now + LOOK_UP_MS);
  return Math.max(next - now, 1);
}

function doingOf({ deps }: Harvest, now: number): Doing {
  const { ledger, policy } = deps;
  const isBehind = policy.apis.some((api) => {
    const picture = ledger.picture(api);
    return gapsOf(picture, backlogUpper(picture, policy, now), now).length > 0;
  });
  return isBehind ? READS_BACKLOG : UP_TO_DATE;
}

const UP_TO_DATE: Doing = {
  state: 'idle',
  reason: 'everything is read; new tasks are read as they come',
  until: null,
};
