import { intersect, subtract } from '../domain/coverage.ts';
import {
  judge,
  listHasChanged,
  nextReading,
  restartedReading,
  type PageStep,
  type Verdict,
} from '../domain/evidence.ts';
import { isWorthSounding, openingGoesOn, type OpeningPages } from '../domain/slicing.ts';
import type { TimeRange } from '../domain/time-range.ts';
import type { Walk } from '../domain/walk.ts';
import { windowEdge } from '../domain/window.ts';
import type { LedgerRooms, Page } from './rooms.ts';

/**
 * `more`: the walk goes on · `sound`: it may be too large, one row far on will tell · `again`: another reading from offset 0 ·
 * `done`: it has ended · `stuck`: the server repeats itself.
 */
export type NextStep = 'more' | 'sound' | 'again' | 'done' | 'stuck';

export type Settled = { readonly next: NextStep; readonly newDoubts: number };

/** What a page's step in the proof means for its walk; part of the page's transaction. */
export function settleStep(rooms: LedgerRooms, page: Page, of: { step: PageStep; api: number }): Settled {
  const { walk } = page;
  const { step, api } = of;
  switch (step.kind) {
    case 'more':
      return goOn(rooms, page, api);
    case 'restart':
      rooms.proof.forget(walk);
      rooms.walks.keep(freshReading(walk, restartedReading(walk.reading)));
      return { next: 'again', newDoubts: 0 };
    case 'stuck':
      return stop(rooms, page, api);
    case 'end': {
      const found = { state: step.state, length: step.length, unionSize: rooms.proof.unionSize(walk) };
      const verdict = judge(walk.range, found);
      if (verdict.kind !== 'again')
        return { next: 'done', newDoubts: finish(rooms, page, { verdict, length: step.length, api }) };
      if (listHasChanged(found)) rooms.proof.forgetOlderReadings(walk);
      rooms.walks.keep(freshReading(walk, nextReading(step.state, step.length)));
      return { next: 'again', newDoubts: 0 };
    }
  }
}

function goOn(rooms: LedgerRooms, page: Page, api: number): Settled {
  const { walk } = page;
  rooms.walks.keep(walk);
  if (!isOpening(walk) || openingGoesOn(walk.range, seenOf(rooms, page, api))) return { next: 'more', newDoubts: 0 };
  if (isWorthSounding(rooms.coverage.densities(api), walk.limit)) return { next: 'sound', newDoubts: 0 };
  giveUp(rooms, page, null);
  return { next: 'done', newDoubts: 0 };
}

/** Its rows stay, and what it has seen of the density. @param atLeast - Rows that its slice holds at the least, by a sounding. */
export function giveUp(rooms: LedgerRooms, { walk, circumstances }: Page, atLeast: number | null): void {
  rooms.walks.giveUp(walk.id, atLeast, circumstances.now);
}

/** Whether its pages still show how dense the slice is. Out of order they show it at the beginning only, where it is given up for less. */
function isOpening({ openingPages, reading }: Walk): boolean {
  return openingPages > 0 && reading.reading === 1 && (reading.pages === 1 || reading.ordered);
}

/** Nearer than this to the edge, an opening that turns out larger than it promised may be overtaken. */
const EDGE_REACH_MS = 86_400_000;

function seenOf({ coverage }: LedgerRooms, { walk, circumstances }: Page, api: number): OpeningPages {
  const { range, reading, openingPages, limit } = walk;
  const edge = windowEdge(walk.grade, circumstances.now, coverage.refusals(api));
  return {
    read: reading.pages,
    rows: reading.rows,
    most: openingPages,
    limit,
    firstPostedAt: walk.firstPostedAt ?? range.since,
    lastPostedAt: walk.lastPostedAt ?? range.since,
    pressed: range.since - edge < EDGE_REACH_MS,
    resumed: circumstances.resumed,
  };
}

function stop(rooms: LedgerRooms, { walk, answer, circumstances }: Page, api: number): Settled {
  rooms.walks.keep({ ...walk, doubts: walk.doubts + 1 });
  const detail = `the page at offset ${walk.reading.nextOffset} brought nothing that the pages before it had not`;
  const doubt = { api, kind: 'repeating_page', range: walk.range, call: answer.callId, detail } as const;
  return { next: 'stuck', newDoubts: rooms.doubts.record(doubt, circumstances.now).isNew ? 1 : 0 };
}

function freshReading(walk: Walk, reading: Walk['reading']): Walk {
  return { ...walk, reading, firstPageAt: null, finishedRows: 0, describedRows: 0 };
}

type Ended = { readonly verdict: Exclude<Verdict, { kind: 'again' }>; readonly length: number; readonly api: number };

/** Writes the evidence and the coverage that it proves. @returns How many new doubts that brought. */
function finish(rooms: LedgerRooms, page: Page, ended: Ended): number {
  const { walk, circumstances } = page;
  const { verdict, length, api } = ended;
  const firstPageAt = walk.firstPageAt ?? circumstances.now;
  const ranges = frozenRanges(
    verdict.kind === 'covered' ? verdict.ranges : [walk.range],
    firstPageAt - circumstances.lagMs,
  );
  const { rows, digest, unlisted } = rooms.proof.digest(walk, api, ranges);
  const bare = bareStretches(rooms, walk, { api, ranges });
  const doubts = doubtsOf(walk, verdict, { unlisted, lost: bare.lost });
  const newDoubts = doubts.filter((doubt) => rooms.doubts.record({ api, ...doubt }, circumstances.now).isNew).length;
  const proven = { ...walk, doubts: walk.doubts + doubts.length };
  rooms.walks.keep(proven);
  const reading = {
    walkId: walk.id,
    grade: walk.grade,
    readAt: circumstances.now,
    settledBefore: wholeSecond(firstPageAt - circumstances.settleMs),
  } as const;
  for (const range of subtract(ranges, bare.ranges)) rooms.coverage.cover(api, range, reading);
  for (const range of bare.ranges) rooms.coverage.cover(api, range, { ...reading, grade: 'ids' });
  regain(rooms, page, { api, ranges: subtract(ranges, bare.ranges) });
  // Last, for it drops the list of the walk, which the stretches are counted by.
  rooms.walks.prove(proven, { length, distinctRows: rows, digest }, circumstances.now);
  planRecheck(rooms, page, { api, ranges, settledBefore: reading.settledBefore });
  if (verdict.kind === 'covered') isolateCovered(rooms, page, verdict.doubtful);
  for (const range of bare.lost) {
    rooms.coverage.lose(api, { ...range, grade: 'metadata', lostAt: circumstances.now, reason: NO_METADATA });
  }
  return newDoubts;
}

/**
 * Doubtful seconds of a gap stay a gap, and become slices by that. Those of what is read again are covered already: left as they are
 * they would be due once more, be merged with what lies between them, and be as doubtful again, for ever.
 */
function isolateCovered({ walks }: LedgerRooms, { walk, circumstances }: Page, doubtful: readonly TimeRange[]): void {
  const { api, purpose, grade, limit } = walk;
  if (purpose !== 'settle' && purpose !== 'chase') return;
  for (const range of doubtful) walks.begin({ api, purpose, grade, range, limit, openingPages: 0 }, circumstances.now);
}

type Proven = { readonly api: number; readonly ranges: readonly TimeRange[]; readonly settledBefore: number };

/**
 * A settled reading that finds anything new or changed is followed by another, four times as far on, until one finds nothing.
 * A chase reads but seconds: it brings another reading where it finds what is new, and spares none.
 */
function planRecheck(rooms: LedgerRooms, { walk, circumstances }: Page, proven: Proven): void {
  const { purpose, found } = walk;
  const isReadAgain = purpose === 'settle' || purpose === 'verify' || (purpose === 'chase' && found > 0);
  if (!isReadAgain) return;
  const ranges = intersect(proven.ranges, [{ since: walk.range.since, until: proven.settledBefore }]);
  const readAt = walk.firstPageAt ?? circumstances.now;
  const { settleMs } = circumstances;
  rooms.rechecks.replace({ api: proven.api, walkId: walk.id, ranges, found: found > 0, readAt, settleMs });
}

type Bare = {
  /** Proven by ids only, and held with metadata by no earlier reading. */
  readonly ranges: readonly TimeRange[];
  /** What of them is not on record as lost yet. */
  readonly lost: readonly TimeRange[];
};

/**
 * Where finished tasks were listed, and none with its metadata. What lies before the first of them and after the last is not
 * concerned: there is nothing there that could lack it.
 */
function bareStretches(rooms: LedgerRooms, walk: Walk, of: { api: number; ranges: readonly TimeRange[] }): Bare {
  const { firstPostedAt, lastPostedAt } = walk;
  const isBare = walk.grade === 'metadata' && walk.finishedRows > 0 && walk.describedRows === 0;
  if (!isBare || firstPostedAt === null || lastPostedAt === null) return { ranges: [], lost: [] };
  const held = rooms.coverage.segments(of.api).filter((segment) => segment.grade === 'metadata');
  const known = rooms.coverage.losses(of.api).filter((loss) => loss.grade === 'metadata');
  const strip = intersect(of.ranges, [{ since: firstPostedAt, until: lastPostedAt + 1000 }]);
  const ranges = subtract(strip, held);
  return { ranges, lost: subtract(ranges, known) };
}

/**
 * What counted as lost because the server had listed it without metadata, and comes with metadata now, is taken back; but for the seconds
 * whose tasks still lack it.
 */
function regain(
  rooms: LedgerRooms,
  { walk, circumstances }: Page,
  { api, ranges }: { readonly api: number; readonly ranges: readonly TimeRange[] },
): void {
  if (walk.grade !== 'metadata' || walk.describedRows === 0) return;
  const lost = rooms.coverage.losses(api).filter(({ grade, reason }) => grade === 'metadata' && reason === NO_METADATA);
  for (const range of intersect(ranges, lost)) {
    const how = { grade: 'metadata', reason: NO_METADATA, at: circumstances.now, walkId: walk.id } as const;
    for (const had of subtract([range], rooms.tasks.bareSeconds(api, range))) rooms.coverage.regain(api, had, how);
  }
}

const NO_METADATA = 'the server lists these tasks without metadata';

/** The ledger keeps whole seconds: a range that ended within one would count it whole, or not at all. */
function wholeSecond(at: number): number {
  return Math.floor(at / 1000) * 1000;
}

/** What was not yet past when the reading began may still have been arriving (I6). @param end - Epoch ms, cut to the second. */
function frozenRanges(ranges: readonly TimeRange[], end: number): TimeRange[] {
  const frozen = wholeSecond(end);
  return ranges
    .map(({ since, until }) => ({ since, until: Math.min(until, frozen) }))
    .filter((range) => range.since < range.until);
}

type FoundDoubt = {
  readonly kind: 'unproven' | 'unlisted' | 'no_metadata';
  readonly range: TimeRange;
  readonly taskId?: string;
  readonly detail: string;
};

function doubtsOf(
  walk: Walk,
  verdict: Ended['verdict'],
  found: { unlisted: readonly string[]; lost: readonly TimeRange[] },
): FoundDoubt[] {
  const { range } = walk;
  const doubts: FoundDoubt[] = found.unlisted.map((taskId) => ({
    kind: 'unlisted',
    range,
    taskId,
    detail: 'known to the ledger, but this reading did not list it',
  }));
  if (verdict.kind === 'covered_in_doubt') {
    const detail = `${walk.reading.reading} readings never agreed: ${verdict.flaws.join(', ')}`;
    doubts.push({ kind: 'unproven', range, detail });
  }
  for (const lost of found.lost) {
    const detail = `none of ${walk.finishedRows} finished tasks carried metadata`;
    doubts.push({ kind: 'no_metadata', range: lost, detail });
  }
  return doubts;
}
