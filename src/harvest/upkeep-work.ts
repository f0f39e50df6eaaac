import { lastLookRange, lastLooks, oldEvidence, VERIFY_AFTER_MS } from '../domain/aging.ts';
import { dueSeconds } from '../domain/chase.ts';
import { subtract } from '../domain/coverage.ts';
import type { CallPurpose } from '../domain/call.ts';
import type { ApiPicture } from '../domain/gaps.ts';
import type { MergeTerms } from '../domain/merging.ts';
import {
  dueRechecks,
  safeEdge,
  settlingSlice,
  slicesAgain,
  type AgainSlice,
  type SettlingMoment,
} from '../domain/settling.ts';
import { SLICE_PAGES } from '../domain/slicing.ts';
import { shareLeft, tailShare } from '../domain/tail-share.ts';
import { windowEdge } from '../domain/window.ts';
import type { Harvest } from './harvester.ts';
import type { Scene } from './scene.ts';
import { sliceReadingMs, type Start } from './work.ts';

/** What is read again: settling, rechecks, unfinished tasks, last looks and old evidence. */
export type UpkeepWork = {
  /** At most one reading of each API at a time; while the backlog waits, only what the tail leaves of its share. */
  readonly choose: (scene: Scene, free: number) => Start[];
};

/** A look at all there is takes a while on a large ledger: where nothing was due it is not taken again at once. */
const LOOK_AGAIN_PERIODS = 1;
/** What comes due within days is looked for so often. */
const SELDOM_PERIODS = 30;
/** Old evidence is proven anew at leisure: at most a slice in so many periods. */
const VERIFY_PERIODS = 10;

type Task = {
  readonly purpose: CallPurpose;
  /** Waits for the backlog to be read. */
  readonly last: boolean;
  /** Waits for old calls to be folded: what is proven anew by ids alone holds on to every walk that has shown its metadata. */
  readonly afterFolding?: true;
  /** Between two looks that find nothing, and after one that found something. */
  readonly pausePeriods: number;
  readonly restPeriods: number;
  readonly find: (look: Look) => AgainSlice | null;
};

type Look = {
  readonly harvest: Harvest;
  readonly picture: ApiPicture;
  /** Where the last look of its kind ended: each has its turn, also beside what fails or is due again and again. */
  readonly place: Place;
  readonly moment: SettlingMoment;
  readonly terms: MergeTerms;
};

/** Epoch ms; 0 begins at the oldest. */
type Place = { at: number };

/** In the order of their turn. */
const TASKS: readonly Task[] = [
  { purpose: 'settle', last: false, pausePeriods: 0, restPeriods: 0, find: settling },
  { purpose: 'settle', last: false, pausePeriods: LOOK_AGAIN_PERIODS, restPeriods: 0, find: rechecking },
  { purpose: 'chase', last: false, pausePeriods: LOOK_AGAIN_PERIODS, restPeriods: 0, find: chasing },
  { purpose: 'settle', last: true, pausePeriods: SELDOM_PERIODS, restPeriods: 0, find: lookingLast },
  {
    purpose: 'verify',
    last: true,
    afterFolding: true,
    pausePeriods: SELDOM_PERIODS,
    restPeriods: VERIFY_PERIODS,
    find: verifying,
  },
];

export type UpkeepTerms = {
  /** Calls that the tail takes of its share, a period. */
  readonly tailNeed: () => number;
  /** Whether old calls have been folded as far as they can be. */
  readonly isFolded: () => boolean;
};

export function createUpkeepWork(harvest: Harvest, { tailNeed, isFolded }: UpkeepTerms): UpkeepWork {
  const { clock, policy } = harvest.deps;
  const restsUntil = new Map<string, number>();
  const places = new Map<string, Place>();
  const find = (picture: ApiPicture, scene: Scene, mostPages: number): Start | null => {
    const mono = clock.monotonic();
    for (const [index, task] of TASKS.entries()) {
      const key = `${picture.api} ${index}`;
      if (
        (task.last && scene.backlogWaits) ||
        (task.afterFolding === true && !isFolded()) ||
        mono < (restsUntil.get(key) ?? 0)
      )
        continue;
      const place = places.get(key) ?? { at: 0 };
      places.set(key, place);
      const slice = task.find(lookOf(harvest, picture, { scene, mostPages, place }));
      const isFit = slice !== null && slice.pages <= mostPages;
      // What does not fit into what the tail leaves will fit no better a second later.
      restsUntil.set(key, mono + (isFit ? task.restPeriods : task.pausePeriods) * policy.periodMs);
      if (isFit) return startOf(picture.api, slice, { purpose: task.purpose, limit: policy.limit });
    }
    return null;
  };
  /** Where there are fewer lanes than APIs, those that come first in the settings would else take each of them again and again. */
  const begunAt = new Map<string, number>();
  const inTurn = (pictures: readonly ApiPicture[]) =>
    pictures.toSorted((a, b) => (begunAt.get(a.api) ?? 0) - (begunAt.get(b.api) ?? 0));
  return {
    choose: (scene, free) => {
      const starts: Start[] = [];
      for (const picture of inTurn(scene.healthy)) {
        const mostPages = scene.backlogWaits ? pagesLeft(harvest, scene, tailNeed()) - starts.length : Infinity;
        const isUnderWay = scene.inFlight.some(
          ({ api, purpose }) =>
            api === picture.api && (purpose === 'settle' || purpose === 'chase' || purpose === 'verify'),
        );
        if (starts.length >= free || mostPages < 1 || isUnderWay) continue;
        const start = find(picture, scene, mostPages);
        if (start === null) continue;
        begunAt.set(picture.api, clock.monotonic());
        starts.push(start);
      }
      return starts;
    },
  };
}

/** Over so many periods the upkeep may take what the tail does not need; in one it may take a call more. */
const EVEN_PERIODS = 5;

/** Pages that the tail leaves of its share. */
function pagesLeft({ deps }: Harvest, { inFlight }: Scene, tailNeed: number): number {
  const { clock, policy, ledger } = deps;
  const now = clock.monotonic();
  const { periodMs, tokens } = policy;
  const spare = tailShare(tokens, true) - tailNeed;
  const begun = inFlight.filter(({ purpose }) => purpose === 'settle' || purpose === 'chase').map(() => now);
  const sent = ledger.upkeep.sharedCalls(clock.boot, EVEN_PERIODS * tokens).filter(({ isTail }) => isTail === 0);
  const calls = [...begun, ...sent.map(({ sentMono }) => sentMono)];
  const inAll = shareLeft(calls, { now, periodMs: EVEN_PERIODS * periodMs, share: EVEN_PERIODS * spare });
  return Math.floor(Math.min(inAll, shareLeft(calls, { now, periodMs, share: Math.ceil(spare) })));
}

type LookTerms = { readonly scene: Scene; readonly mostPages: number; readonly place: Place };

function lookOf(harvest: Harvest, picture: ApiPicture, at: LookTerms): Look {
  const { policy, ledger } = harvest.deps;
  const { scene } = at;
  const mostPages = Math.min(at.mostPages, SLICE_PAGES);
  const moment: SettlingMoment = {
    now: scene.now,
    upper: scene.upper,
    settleMs: policy.settleMs,
    readingMs: sliceReadingMs(policy),
    limit: policy.limit,
    mostPages,
  };
  const rowsIn: MergeTerms['rowsIn'] = (range, most) => ledger.upkeep.rowsIn(picture.api, range, most);
  return { harvest, picture, place: at.place, moment, terms: { rowsIn, limit: policy.limit, mostPages } };
}

function startOf(api: string, slice: AgainSlice, as: { purpose: CallPurpose; limit: number }): Start {
  const { range, grade } = slice;
  return { kind: 'begin', plan: { api, grade, range, limit: as.limit, openingPages: 0, purpose: as.purpose } };
}

function settling({ picture, moment }: Look): AgainSlice | null {
  return settlingSlice(picture, moment);
}

function rechecking({ harvest, picture, moment, terms }: Look): AgainSlice | null {
  return first(dueRechecks(picture, harvest.deps.ledger.upkeep.rechecks(picture.api), { moment, terms }));
}

function chasing({ harvest, picture, place, moment, terms }: Look): AgainSlice | null {
  const { upkeep } = harvest.deps.ledger;
  const since = safeEdge(picture, 'ids', moment);
  const from = place.at > since && place.at < moment.upper ? place.at : since;
  const { seconds, next } = upkeep.unfinished(picture.api, { since: from, until: moment.upper });
  // To the end of what there is, and then from the beginning on.
  const before = next === null && from > since ? upkeep.unfinished(picture.api, { since, until: from }).seconds : [];
  const { now, settleMs } = moment;
  const idsEdge = windowEdge('ids', now, picture.refusals);
  const due = dueSeconds([...before, ...seconds], { now, settleMs, idsEdge });
  const slices = slicesAgain(picture, due, { moment, terms });
  const slice = slices.find(({ range }) => range.since >= from) ?? first(slices);
  // Where nothing is due to the end, from the beginning on: of what lies before, only the first part was looked at.
  place.at = slice?.range.until ?? next ?? 0;
  return slice;
}

function lookingLast({ harvest, picture, moment, terms }: Look): AgainSlice | null {
  const range = lastLookRange(picture, moment);
  if (range.since >= range.until) return null;
  // What is being read has its last look already; where that waits, each second that comes into reach would be read for itself.
  const aged = harvest.deps.ledger.upkeep.aged(picture.api, range);
  const free = aged.flatMap((stretch) => subtract([stretch], picture.taken).map((part) => ({ ...stretch, ...part })));
  const due = lastLooks(free, range, moment.now);
  return first(slicesAgain(picture, due, { moment, terms }));
}

function verifying({ harvest, picture, place, moment, terms }: Look): AgainSlice | null {
  const { upkeep } = harvest.deps.ledger;
  const { now, upper } = moment;
  const edge = safeEdge(picture, 'ids', moment);
  const old = (since: number) => upkeep.firstAged(picture.api, since, now - VERIFY_AFTER_MS);
  const next = old(Math.max(edge, place.at)) ?? old(edge);
  if (next === null) return null;
  const aged = upkeep.aged(picture.api, { since: next.since, until: upper });
  const slice = first(slicesAgain(picture, oldEvidence(aged, now), { moment, terms }));
  place.at = slice?.range.until ?? next.until;
  return slice;
}

function first(slices: readonly AgainSlice[]): AgainSlice | null {
  return slices[0] ?? null;
}
