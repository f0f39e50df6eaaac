import type { CoverChange, Segment } from '../domain/coverage.ts';
import type { CoverageStore } from './coverage.ts';
import type { WalkStore } from './walks.ts';

/**
 * What the one writer remembers of its ledger. A ledger of years has tens of thousands of segments, and the loop looks at all of
 * them every few seconds; while nobody writes, nothing needs to be read again.
 */
export type Memory = {
  readonly coverage: CoverageStore;
  readonly walks: WalkStore;
  /** Grows with every change of coverage, losses, refusals or frontiers: while it stays, no gap comes and none goes but by time. */
  readonly coverageVersion: () => number;
  /** The last answer for each key, for as long as nothing has been written. */
  readonly remembered: <Result>(read: (key: string) => Result) => (key: string) => Result;
  /** After a transaction that was rolled back. */
  readonly forget: () => void;
};

export function createMemory(coverage: CoverageStore, walks: WalkStore): Memory {
  const covers = createCount();
  const others = createCount();
  const segments = createSegments(coverage);
  const version = () => covers.value() + others.value();
  return {
    coverage: {
      ...coverage,
      segments: segments.of,
      cover: covers.counted(segments.cover),
      lose: covers.counted(coverage.lose),
      refuse: covers.counted(coverage.refuse),
      setFrontier: covers.counted(coverage.setFrontier),
      confirmFrontiers: others.counted(coverage.confirmFrontiers),
    },
    walks: {
      ...walks,
      begin: others.counted(walks.begin),
      keep: others.counted(walks.keep),
      end: others.counted(walks.end),
      prove: others.counted(walks.prove),
    },
    coverageVersion: covers.value,
    remembered: (read) => whileUnchanged(version, read),
    forget: () => {
      covers.add();
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

/** Only `cover` changes them. */
function createSegments(coverage: CoverageStore) {
  const lists = new Map<number, readonly Segment[]>();
  const of = (api: number): readonly Segment[] => {
    const known = lists.get(api) ?? coverage.segments(api);
    lists.set(api, known);
    return known;
  };
  const cover: CoverageStore['cover'] = (api, range, reading) => {
    const change = coverage.cover(api, range, reading);
    const known = lists.get(api);
    if (known !== undefined) lists.set(api, withChange(known, change));
    return change;
  };
  return { of, cover, forget: () => lists.clear() };
}

/** What is removed lies together, and what is added lies there, both in order. */
function withChange(segments: readonly Segment[], { removed, added }: CoverChange): readonly Segment[] {
  const [first] = added;
  if (first === undefined) return segments;
  const since = Math.min(first.since, removed[0]?.since ?? first.since);
  const after = segments.findIndex((segment) => segment.since >= since);
  return segments.toSpliced(after < 0 ? segments.length : after, removed.length, ...added);
}

function whileUnchanged<Result>(version: () => number, read: (key: string) => Result): (key: string) => Result {
  const known = new Map<string, { readonly version: number; readonly result: Result }>();
  return (key) => {
    const now = version();
    const last = known.get(key);
    if (last?.version === now) return last.result;
    const result = read(key);
    known.set(key, { version: now, result });
    return result;
  };
}
