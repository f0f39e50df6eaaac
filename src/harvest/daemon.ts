import { gapsOf } from '../domain/gaps.ts';
import { shareLeft } from '../domain/tail-share.ts';
import { createChores } from './chores.ts';
import { createDiskWatch, type DiskWatch } from './disk-watch.ts';
import { createFileWatch } from './file-watch.ts';
import { createForesightWatch } from './foresight-watch.ts';
import { createHarvest, isUnwritable, type Harvest, type HarvestDeps } from './harvester.ts';
import { createProgressLog } from './progress-log.ts';
import type { Pulse } from './pulse.ts';
import { lookAround, type Scene } from './scene.ts';
import { createSchedule, longestPauseMs } from './schedule.ts';
import { createStock } from './stock.ts';
import { createTails, type Tails } from './tails.ts';
import { createUpkeepWork, type UpkeepWork } from './upkeep-work.ts';
import { createVoice, READS_BACKLOG, type Doing } from './voice.ts';
import { factsOf } from './walk-facts.ts';
import { createWalWatch } from './wal-watch.ts';
import { backlogWork, isOneWaiting, type Start } from './work.ts';

export type DaemonOptions = {
  readonly tailCron: string;
  readonly pulse: Pulse;
};

/** It looks up at least so often while nothing happens: a supervisor that sees no turn for a minute calls it stuck. */
const LOOK_UP_MS = 15_000;

/** One lane is kept for the tail, so that a backlog never makes new tasks wait. */
const TAIL_LANES = 1;
/** And one for walks that were begun and wait: with many APIs there is always something to read again that would take it. */
const BEGUN_LANES = 1;

/**
 * The daemon: reads new tasks at each tick of the schedule, and with the rest of the budget whatever the window holds and the
 * ledger lacks, then what has to be read again. A refused account parks it, a full disk makes it wait; it looks again at growing
 * intervals. Resolves once `signal` has stopped it.
 *
 * @throws {LedgerError} when the ledger is broken or another's.
 */
export async function runDaemon(deps: HarvestDeps, options: DaemonOptions, signal: AbortSignal): Promise<void> {
  const parts = createParts(deps, options, signal);
  const { harvest, disk, schedule, voice, files, wal } = parts;
  try {
    while (!signal.aborted) {
      options.pulse.turned();
      // Also on a full disk: who keeps the log from being emptied may be who fills it.
      files.look();
      wal.look();
      const waitMs = disk.look() ? turn(parts, schedule.ticked()) : waitForDisk(parts);
      await harvest.lanes.wait(schedule.untilTick(waitMs)).catch(unlessStopped(signal));
    }
  } finally {
    await harvest.lanes.stop();
    voice.stop();
  }
}

type DaemonParts = ReturnType<typeof createParts>;

function createParts(deps: HarvestDeps, { pulse, tailCron }: DaemonOptions, signal: AbortSignal) {
  const harvest: Harvest = createHarvest(
    deps,
    {
      onPage: (saved) => {
        deps.log.debug({ ...factsOf(saved.walk), rows: saved.rows, newTasks: saved.newTasks }, 'page saved');
        disk.saved();
        tails.onPage(saved);
      },
      onFailure: (walk) => tails.onFailure(walk),
      onUnwritable: (error) => disk.failed(error),
    },
    signal,
  );
  const disk: DiskWatch = createDiskWatch(harvest);
  const tails: Tails = createTails(harvest, { pulse, tailPeriodMs: longestPauseMs(tailCron) });
  const chores = createChores(deps);
  const upkeep: UpkeepWork = createUpkeepWork(harvest, { tailNeed: tails.need, isFolded: chores.isThrough });
  deps.client.keep(() => tailTokens(harvest, tails));
  return {
    harvest,
    disk,
    tails,
    upkeep,
    schedule: createSchedule(tailCron, deps.clock),
    voice: createVoice(harvest),
    stock: createStock(harvest),
    foresight: createForesightWatch(harvest),
    progress: createProgressLog(harvest),
    chores,
    files: createFileWatch(deps),
    wal: createWalWatch(deps, disk.failed),
    isTicked: { yet: false },
  };
}

/** One look at everything, and what follows from it. @returns How long nothing else is to be done, ms. */
function turn(parts: DaemonParts, ticked: boolean): number {
  const { harvest, tails, voice, disk, stock, foresight, progress, chores, isTicked } = parts;
  try {
    isTicked.yet ||= ticked;
    const now = harvest.deps.serverClock.now();
    stock.account(now);
    const scene = lookAround(harvest, now);
    stock.keepGaps(scene);
    foresight.look(scene, tails.need());
    if (isTicked.yet) tails.tick(scene);
    isTicked.yet = false;
    const { starts, nextAt } = chooseWork(parts, scene);
    for (const start of starts) harvest.start(start);
    const doing = doingOf(parts, scene);
    voice.say(doing);
    const isBehind = doing !== UP_TO_DATE && harvest.standing.pausedUntil(now) === null;
    progress.look(scene, { isBehind, tailCalls: tails.need() });
    chores.look();
    return Math.min(waitMs(harvest, now), Math.max(nextAt - harvest.deps.clock.monotonic(), 1));
  } catch (error) {
    if (!isUnwritable(error)) throw error;
    disk.failed(error);
    return waitForDisk(parts);
  }
}

/** Whatever is in flight ends by itself; nothing new is asked for. */
function waitForDisk({ harvest, disk, voice }: DaemonParts): number {
  const { clock, serverClock } = harvest.deps;
  const held = disk.held();
  if (held === null) return 1;
  const leftMs = Math.max(held.until - clock.monotonic(), 1);
  voice.say({ state: 'waiting', reason: held.reason, until: serverClock.now() + leftMs });
  return Math.min(leftMs, LOOK_UP_MS);
}

function unlessStopped(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}

/** What the tail still needs of this period is left to it by whatever can wait. */
function tailTokens({ deps }: Harvest, tails: Tails): number {
  const { ledger, policy, clock } = deps;
  const now = clock.monotonic();
  const sent = ledger.upkeep.sharedCalls(clock.boot, policy.tokens).filter(({ isTail }) => isTail === 1);
  const calls = sent.map(({ sentMono }) => sentMono);
  return Math.max(shareLeft(calls, { now, periodMs: policy.periodMs, share: Math.ceil(tails.need()) }), 0);
}

type Choice = { readonly starts: readonly Start[]; readonly nextAt: number };

/** The tail first, then the backlog; upkeep gets what the tail leaves of its share, and everything once there is no backlog. */
function chooseWork({ harvest, tails, upkeep }: DaemonParts, scene: Scene): Choice {
  const { deps, standing, lanes } = harvest;
  // A daemon leaves nothing: each slice has its next turn.
  harvest.left.clear();
  if (standing.pausedUntil(scene.now) !== null) return { starts: [], nextAt: Infinity };
  const most = standing.troubled() ? 1 : deps.policy.lanes;
  let free = most - lanes.size();
  const { starts, nextAt } = tails.choose(scene, free);
  free -= starts.length;
  const tailsInFlight = scene.inFlight.filter(({ purpose }) => purpose === 'tail').length + starts.length;
  // Where each API's tail is being read nobody needs the lane that is kept for it.
  const kept = standing.troubled() || tailsInFlight >= scene.pictures.length ? 0 : TAIL_LANES;
  const keptForBegun = isOneWaiting(waitingOf(harvest, scene), deps.policy.periodMs) ? BEGUN_LANES : 0;
  const again = upkeep.choose(scene, Math.max(free - kept - keptForBegun, 0));
  const share = { free: free - kept - again.length, tailCalls: tails.need() };
  const backlog = backlogStarts(harvest, scene, share);
  return { starts: [...starts, ...again, ...backlog], nextAt };
}

type BacklogShare = { readonly free: number; readonly tailCalls: number };

function waitingOf({ standing }: Harvest, { inFlight, waiting, now }: Scene) {
  return { waiting, inFlight, now, left: new Set<number>(), suspects: standing.suspects() };
}

function backlogStarts(harvest: Harvest, scene: Scene, share: BacklogShare): Start[] {
  const { ledger, policy } = harvest.deps;
  const { healthy, backlogUppers, upper } = scene;
  const work = {
    ...waitingOf(harvest, scene),
    pictures: healthy,
    ...share,
    upper,
    uppers: backlogUppers,
    refusals: ledger.refusals,
  };
  return backlogWork(work, policy);
}

function waitMs(harvest: Harvest, now: number): number {
  const paused = harvest.standing.pausedUntil(now);
  const retries = harvest.deps.ledger.openWalks().flatMap((walk) => (walk.retryAt === null ? [] : [walk.retryAt]));
  const next = Math.min(...[paused?.until ?? Infinity, ...retries].filter((at) => at > now), now + LOOK_UP_MS);
  return Math.max(next - now, 1);
}

function doingOf({ harvest, tails }: DaemonParts, scene: Scene): Doing {
  const isBehind = scene.healthy.some(
    (picture) => gapsOf(picture, scene.backlogUppers.get(picture.api) ?? scene.upper, scene.now).length > 0,
  );
  const doing = isBehind || scene.backlogWaits ? READS_BACKLOG : UP_TO_DATE;
  const [late] = harvest.standing.troubled() ? [] : tails.behind(scene);
  if (late === undefined) return doing;
  const minutes = Math.ceil(late.lateMs / 60_000);
  const reason = late.isLeft
    ? `${minutes} min of new tasks of ${late.api} are left to the backlog: they could not be read as they came`
    : `new tasks of ${late.api} are read ${minutes} min late: more come than the tail's share of the calls can read`;
  return { ...doing, state: 'harvesting', reason: doing === UP_TO_DATE ? reason : `${doing.reason}; ${reason}` };
}

const UP_TO_DATE: Doing = {
  state: 'idle',
  reason: 'everything is read; new tasks are read as they come',
  until: null,
};
