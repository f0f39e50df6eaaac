import { behindMs, unreadSince } from '../domain/behind.ts';
import { pauseMs } from '../domain/failure.ts';
import type { ApiPicture } from '../domain/gaps.ts';
import { safeEdge } from '../domain/settling.ts';
import { shareFreeAt, tailPaces, tailShare } from '../domain/tail-share.ts';
import { planTail, type TailSlice } from '../domain/tail.ts';
import type { Walk } from '../domain/walk.ts';
import type { SavedPage } from '../ledger/save-page.ts';
import type { Harvest } from './harvester.ts';
import type { Pulse } from './pulse.ts';
import type { Scene } from './scene.ts';
import { sliceReadingMs, type Start } from './work.ts';

/** When the newest tasks of which API are read. Instants are monotonic ms. */
export type Tails = {
  /** The schedule says that it is time. */
  readonly tick: (scene: Scene) => void;
  readonly choose: (scene: Scene, free: number) => TailTurn;
  readonly onPage: (saved: SavedPage) => void;
  readonly onFailure: (walk: Walk) => void;
  /** Calls that the reads take a period, at most the share. */
  readonly need: () => number;
  /** How far each API is behind, ms, those that are; the furthest first. */
  readonly behind: (scene: Scene) => readonly Behind[];
};

type Behind = {
  readonly api: string;
  readonly lateMs: number;
  /** The newest are read: what it is behind by was left to the backlog. */
  readonly isLeft: boolean;
};

type TailTurn = {
  readonly starts: readonly Start[];
  /** When a read may begin that its share holds back now; Infinity for none. */
  readonly nextAt: number;
};

export type TailTerms = { readonly pulse: Pulse; readonly tailPeriodMs: number };

type ApiTail = {
  due: boolean;
  /** When its last read began. */
  begunAt: number | null;
  /** When a task was last posted, as far as is known: first of all, when this process began. */
  busyAt: number;
  everyMs: number;
  /** Pages that its last read was expected to take. */
  pages: number;
  /** In a row, and when it is tried again. */
  failures: number;
  retryAt: number;
};

/** How many of the newest tasks a plan looks at: as many as some pages could hold. */
const LOOKBACK_ROWS = 5_000;

export function createTails(harvest: Harvest, { pulse, tailPeriodMs }: TailTerms): Tails {
  const { clock, policy, log } = harvest.deps;
  const begunAt = clock.monotonic();
  const tails = new Map<string, ApiTail>(
    policy.apis.map((api) => [
      api,
      { due: true, begunAt: null, busyAt: begunAt, everyMs: tailPeriodMs, pages: 1, failures: 0, retryAt: 0 },
    ]),
  );
  const of = (api: string): ApiTail => {
    const tail = tails.get(api);
    if (tail === undefined) throw new Error(`${api} is none of the APIs of the settings.`);
    return tail;
  };
  return {
    tick: (scene) => {
      const mono = clock.monotonic();
      const apis = [...tails];
      const share = tailShare(policy.tokens, scene.backlogWaits);
      const quiet = apis.map(([, { busyAt }]) => mono - busyAt);
      const paces = tailPaces(quiet, { tailPeriodMs, periodMs: policy.periodMs, share });
      for (const [index, [api, tail]] of apis.entries()) {
        tail.due = true;
        tail.everyMs = paces[index] ?? tailPeriodMs;
        pulse.tailEvery(api, tail.everyMs);
      }
    },
    choose: (scene, free) => {
      const turn = chooseReads(harvest, scene, { of, free, tailPeriodMs });
      for (const { slice, start } of turn.reads) {
        const tail = of(start.plan.api);
        tail.due = slice.range.until < scene.upper;
        tail.begunAt = clock.monotonic();
        tail.pages = slice.pages;
        if (slice.left !== null)
          log.info(
            {
              api: start.plan.api,
              since: new Date(slice.left.since).toISOString(),
              until: new Date(slice.left.until).toISOString(),
            },
            'the newest tasks are read first: what came before them is left to the backlog',
          );
      }
      return { starts: turn.reads.map(({ start }) => start), nextAt: turn.nextAt };
    },
    onPage: ({ walk, next, newTasks }) => {
      const tail = of(walk.api);
      const mono = clock.monotonic();
      if (newTasks > 0 && walk.purpose === 'tail') tail.busyAt = mono;
      if (walk.purpose !== 'tail' || next !== 'done') return;
      tail.failures = 0;
      pulse.tailRead(walk.api);
    },
    onFailure: ({ api, purpose }) => {
      if (purpose !== 'tail') return;
      const tail = of(api);
      tail.failures += 1;
      tail.due = true;
      tail.retryAt = clock.monotonic() + pauseMs(tail.failures, policy.periodMs);
    },
    need: () => {
      const pages = [...tails.values()].reduce(
        (sum, { pages: each, everyMs }) => sum + (each * policy.periodMs) / everyMs,
        0,
      );
      return Math.min(pages, tailShare(policy.tokens, true));
    },
    behind: (scene) => behindOf(scene, of, scene.now - (clock.monotonic() - begunAt)),
  };
}

/** @param startedAt - When this process began to read the tails, by the server's clock. */
function behindOf({ pictures, upper }: Scene, of: (api: string) => ApiTail, startedAt: number): Behind[] {
  return pictures
    .map((picture) => {
      const { api, segments } = picture;
      const { everyMs } = of(api);
      const readUpTo = segments.at(-1)?.until ?? upper;
      const unread = unreadSince(startedAt, picture, upper);
      const lateMs = behindMs({ unread, readUpTo, upper, startedAt, everyMs });
      return { api, lateMs, isLeft: lateMs > upper - readUpTo };
    })
    .filter(({ lateMs }) => lateMs > 0)
    .sort((a, b) => b.lateMs - a.lateMs);
}

type Choice = { readonly of: (api: string) => ApiTail; readonly free: number; readonly tailPeriodMs: number };
type TailRead = { readonly slice: TailSlice; readonly start: Extract<Start, { kind: 'begin' }> };

function chooseReads(harvest: Harvest, scene: Scene, choice: Choice): { reads: TailRead[]; nextAt: number } {
  const { clock, policy, ledger } = harvest.deps;
  const mono = clock.monotonic();
  const share = tailShare(policy.tokens, scene.backlogWaits);
  // A walk in flight has a call to make. What is read again takes what the tail leaves, and never makes it wait.
  const begun = scene.inFlight.filter(({ purpose }) => purpose === 'tail').map(() => mono);
  const sent = ledger.upkeep.sharedCalls(clock.boot, policy.tokens).filter(({ isTail }) => isTail === 1);
  const calls = [...sent.map(({ sentMono }) => sentMono), ...begun];
  const reads: TailRead[] = [];
  let nextAt = Infinity;
  let isTried = scene.inFlight.some(({ purpose, api }) => purpose === 'tail' && choice.of(api).failures > 0);
  for (const picture of candidates(scene, choice, mono)) {
    const tail = choice.of(picture.api);
    const wakeAt = wakesAt(tail, choice.tailPeriodMs);
    if (wakeAt > mono) nextAt = Math.min(nextAt, wakeAt);
    // One API that fails at a time: more of them would leave no lane to those that do not.
    if (wakeAt > mono || reads.length >= choice.free || (isTried && tail.failures > 0)) continue;
    const slice = planOf(harvest, picture, { scene, share, tailPeriodMs: choice.tailPeriodMs });
    if (slice === null) continue;
    const freeAt = shareFreeAt(calls, slice.pages, { now: mono, periodMs: policy.periodMs, share });
    // On a first start and after a stop the tail is read at once.
    const isFirst = tail.begunAt === null && tail.failures === 0;
    if (freeAt > mono && !isFirst) return { reads, nextAt: Math.min(nextAt, freeAt) };
    isTried ||= tail.failures > 0;
    calls.push(...Array.from({ length: Math.min(slice.pages, share) }, () => mono));
    reads.push({ slice, start: startOf(picture.api, slice, policy.limit) });
  }
  return { reads, nextAt };
}

/** Those that are due and not being read; who failed goes last, else who waits the longest by its own pace. */
function candidates({ pictures, inFlight }: Scene, { of }: Choice, mono: number): ApiPicture[] {
  const urgency = ({ begunAt, everyMs }: ApiTail) => (begunAt === null ? Infinity : (mono - begunAt) / everyMs);
  const byUrgency = (a: ApiTail, b: ApiTail) => (urgency(a) === urgency(b) ? 0 : urgency(b) - urgency(a));
  return pictures
    .filter(({ api }) => of(api).due && !inFlight.some((walk) => walk.purpose === 'tail' && walk.api === api))
    .sort((a, b) => of(a.api).failures - of(b.api).failures || byUrgency(of(a.api), of(b.api)));
}

/** One that is as fast as the schedule is read at each tick; a slower one when its own time has come. */
function wakesAt({ begunAt, everyMs, retryAt }: ApiTail, tailPeriodMs: number): number {
  const paceAt = begunAt === null || everyMs <= tailPeriodMs ? 0 : begunAt + everyMs;
  return Math.max(paceAt, retryAt);
}

function planOf(
  { deps }: Harvest,
  picture: ApiPicture,
  at: { scene: Scene; share: number; tailPeriodMs: number },
): TailSlice | null {
  const { ledger, policy } = deps;
  const { scene, share, tailPeriodMs } = at;
  const known = picture.segments.at(-1)?.until ?? scene.upper;
  const newest = ledger.newestPosted(picture.api, known - policy.settleMs, LOOKBACK_ROWS);
  return planTail(picture, {
    upper: scene.upper,
    edge: safeEdge(picture, 'metadata', { now: scene.now, readingMs: sliceReadingMs(policy) }),
    settleMs: policy.settleMs,
    tailPeriodMs,
    newest,
    newestIsAll: newest.length < LOOKBACK_ROWS,
    mostPages: scene.backlogWaits ? share : Infinity,
    limit: policy.limit,
  });
}

function startOf(api: string, { range }: TailSlice, limit: number): TailRead['start'] {
  return { kind: 'begin', plan: { api, grade: 'metadata', range, limit, openingPages: 0, purpose: 'tail' } };
}
