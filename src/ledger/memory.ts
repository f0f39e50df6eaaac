import type { CoverChange, Segment } from '../domain/coverage.ts';
import type { CoverageStore } from './coverage.ts';
import { createDensities } from './densities.ts';
import type { LedgerJournal } from './journal.ts';
import { createPending } from './pending.ts';
import type { RecheckBook } from './rechecks.ts';
import type { TaskStore } from './tasks.ts';
import type { Upkeep } from './upkeep.ts';
import type { WalkStore } from './walks.ts';

/**
 * What the one writer remembers of its ledger. A ledger of years has tens of thousands of segments, and the loop looks at all of
 * them every few seconds; while nobody writes, nothing needs to be read again.
 */
export type Memory = {
  readonly coverage: CoverageStore;
  readonly walks: WalkStore;
  readonly journal: LedgerJournal;
  readonly rechecks: RecheckBook;
  readonly tasks: TaskStore;
  /** Grows with every change of coverage, losses, refusals or frontiers: while it stays, no gap comes and none goes but by time. */
  readonly coverageVersion: () => number;
  /** The last answer for each key, for as long as nothing has been written. */
  readonly remembered: <Result>(read: (key: string) => Result) => (key: string) => Result;
  /**
   * One that remembers what is asked at each turn: rechecks until one comes or goes, the newest calls until another begins, what is
   * unfinished until anything is read.
   */
  readonly upkeep: (upkeep: Upkeep) => Upkeep;
  /** After a transaction that was rolled back. */
  readonly forget: () => void;
};

export type Remembered = {
  readonly coverage: CoverageStore;
  readonly walks: WalkStore;
  readonly journal: LedgerJournal;
  readonly rechecks: RecheckBook;
  readonly tasks: TaskStore;
};

export function createMemory({ coverage, walks, journal, rechecks, tasks }: Remembered): Memory {
  const covers = createCount();
  const losses = createCount();
  const refusals = createCount();
  const frontiers = createCount();
  const others = createCount();
  const calls = createCount();
  const plans = createCount();
  const sightings = createCount();
  const segments = createSegments(coverage);
  const coverageVersion = () => covers.value() + losses.value() + refusals.value() + frontiers.value();
  const version = () => coverageVersion() + others.value();
  return {
    coverage: {
      ...coverage,
      segments: segments.of,
      densities: segments.densities,
      cover: covers.counted(segments.cover),
      losses: whileUnchanged(losses.value, coverage.losses),
      lost: whileUnchanged(losses.value, coverage.lost),
      lose: losses.counted(coverage.lose),
      regain: losses.counted(coverage.regain),
      refusals: whileUnchanged(refusals.value, coverage.refusals),
      refuse: refusals.counted(coverage.refuse),
      frontiers: whileUnchanged(frontiers.value, coverage.frontiers),
      setFrontier: frontiers.counted(coverage.setFrontier),
      confirmFrontiers: others.counted(coverage.confirmFrontiers),
    },
    walks: {
      ...walks,
      begin: others.counted(walks.begin),
      keep: others.counted(walks.keep),
      end: others.counted(walks.end),
      giveUp: others.counted(walks.giveUp),
      prove: others.counted(walks.prove),
    },
    journal: { ...journal, begin: calls.counted(journal.begin), adopt: calls.counted(journal.adopt) },
    rechecks: { replace: plans.counted(rechecks.replace) },
    tasks: { ...tasks, save: sightings.counted(tasks.save) },
    coverageVersion,
    remembered: (read) => whileUnchanged(version, read),
    upkeep: (upkeep) => ({
      ...upkeep,
      rechecks: whileUnchanged(plans.value, upkeep.rechecks),
      sharedCalls: whileUnchanged(calls.value, upkeep.sharedCalls),
      unfinished: createPending(() => covers.value() + sightings.value(), upkeep.unfinished),
    }),
    forget: () => {
      for (const count of [covers, losses, refusals, frontiers, others, calls, plans, sightings]) count.add();
      segments.forget();
    },
  };
}

function createCount() {
  let count = 0;
  const add = () => {
    count += 1;
  };
  const counted = <Arguments extends unknown[], Result>(write: (...args: Arguments) => Result) => {
    return (...args: Arguments): Result => {
      add();
      return write(...args);
    };
  };
  return { value: () => count, add, counted };
}

/** Only `cover` changes them, and the densities of the walks that they name. */
function createSegments(coverage: CoverageStore) {
  const lists = new Map<number, readonly Segment[]>();
  const of = (api: number): readonly Segment[] => {
    const known = lists.get(api) ?? coverage.segments(api);
    lists.set(api, known);
    return known;
  };
  const cover: CoverageStore['cover'] = (api, range, reading) => {
    const change = coverage.cover(api, range, reading);
    densities.changed(api, change);
    const known = lists.get(api);
    if (known !== undefined) lists.set(api, withChange(known, change));
    return change;
  };
  const densities = createDensities(coverage, of);
  const forget = () => {
    lists.clear();
    densities.forget();
  };
  return { of, cover, densities: densities.of, forget };
}

/** What is removed lies together, and what is added lies there, both in order. */
function withChange(segments: readonly Segment[], { removed, added }: CoverChange): readonly Segment[] {
  const [first] = added;
  if (first === undefined) return segments;
  const since = Math.min(first.since, removed[0]?.since ?? first.since);
  // Most changes are near the end.
  const before = segments.findLastIndex((segment) => segment.since < since);
  return segments.toSpliced(before + 1, removed.length, ...added);
}

function whileUnchanged<Key extends readonly (string | number)[], Result>(
  version: () => number,
  read: (...key: Key) => Result,
): (...key: Key) => Result {
  const known = new Map<string, { readonly version: number; readonly result: Result }>();
  return (...key) => {
    const now = version();
    const name = key.join(' ');
    const last = known.get(name);
    if (last?.version === now) return last.result;
    const result = read(...key);
    known.set(name, { version: now, result });
    return result;
  };
}
