import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Flaw, PageSeen, PageStep, ReadingState, Verdict } from '../../src/domain/evidence.ts';
import {
  firstReading,
  judge,
  MOST_READINGS,
  nextReading,
  restartedReading,
  takePage,
} from '../../src/domain/evidence.ts';
import type { TimeRange } from '../../src/domain/time-range.ts';

type Task = { readonly id: string; readonly postedAt: number };

/** A server's list at the moment of one call. */
type Listing = () => readonly Task[];

type Proof = {
  readonly verdict: Exclude<Verdict, { kind: 'again' }>;
  readonly readings: number;
  readonly calls: number;
  /** Everything that any reading has listed. */
  readonly union: ReadonlySet<string>;
};

type Course = { readonly limit: number; readonly range: TimeRange; readonly honest?: boolean };

/** Reads a slice the way the harvest does, until it is proven or given up. `stuck` comes back as null. */
function prove(list: Listing, { limit, range, honest = true }: Course): Proof | null {
  const union = new Set<string>();
  let state = firstReading();
  let listed = new Set<string>();
  for (let calls = 1; ; calls += 1) {
    const rows = list().slice(state.nextOffset, state.nextOffset + limit);
    const step = takePage(state, seen(rows, { state, listed, limit, honest }));
    for (const row of rows) union.add(row.id);
    for (const row of rows) listed.add(row.id);
    if (step.kind === 'stuck') return null;
    if (step.kind === 'restart') throw new Error('nothing was resumed');
    state = step.state;
    if (step.kind === 'more') continue;
    const verdict = judge(range, { state, length: step.length, unionSize: union.size });
    if (verdict.kind !== 'again') return { verdict, readings: state.reading, calls, union };
    state = nextReading(state, step.length);
    listed = new Set();
  }
}

function seen(
  rows: readonly Task[],
  at: { state: ReadingState; listed: ReadonlySet<string>; limit: number; honest: boolean },
): PageSeen {
  const onPage = new Set<string>();
  return {
    limit: at.limit,
    countMatches: at.honest,
    echoMatches: true,
    resumed: false,
    rows: rows.map(({ id, postedAt }, index) => {
      const isLink = index === 0 && at.state.pages > 0 && id === at.state.link;
      const repeated = !isLink && (at.listed.has(id) || onPage.has(id));
      onPage.add(id);
      return { key: id, postedAt, repeated, nameless: false };
    }),
  };
}

function coveredOf(proof: Proof | null, range: TimeRange): readonly TimeRange[] {
  if (proof === null) return [];
  return proof.verdict.kind === 'covered' ? proof.verdict.ranges : [range];
}

/** What is declared covered, without a doubt, was really listed. */
function expectNoneMissed(proof: Proof | null, tasks: readonly Task[], range: TimeRange) {
  if (proof?.verdict.kind !== 'covered') return;
  for (const { since, until } of coveredOf(proof, range)) {
    const missed = tasks.filter(({ id, postedAt }) => postedAt >= since && postedAt < until && !proof.union.has(id));
    expect(missed).toEqual([]);
  }
}

const RANGE = { since: 0, until: 30_000 };
const byPosted = (a: Task, b: Task) => a.postedAt - b.postedAt || (a.id < b.id ? -1 : 1);

const tasks: fc.Arbitrary<Task[]> = fc
  .array(fc.integer({ min: 0, max: 29 }), { maxLength: 60, size: 'max' })
  .map((seconds) => seconds.map((at, n) => ({ id: `task-${n}`, postedAt: at * 1000 })).sort(byPosted));
const limit = fc.integer({ min: 2, max: 12 });
const seed = fc.integer({ min: 1, max: 2 ** 31 - 2 });

/** Park and Miller's generator: a new order on each call, and the same one when the test runs again. */
function dice(from: number): () => number {
  let state = from;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function shuffled(list: readonly Task[], roll: () => number): Task[] {
  return list
    .map((task) => ({ task, key: roll() }))
    .sort((a, b) => a.key - b.key)
    .map(({ task }) => task);
}

describe('I4 covered means proven: a server', () => {
  it('that lists in one order is read once', () => {
    fc.assert(
      fc.property(tasks, limit, (list, pageLimit) => {
        const proof = prove(() => list, { limit: pageLimit, range: RANGE });
        expect(proof?.verdict).toEqual({ kind: 'covered', ranges: [RANGE], doubtful: [] });
        expect(proof?.readings).toBe(1);
        expectNoneMissed(proof, list, RANGE);
      }),
    );
  });

  it('that shuffles the tasks of a second on every page hides none of what is covered', () => {
    fc.assert(
      fc.property(tasks, limit, seed, (list, pageLimit, from) => {
        const roll = dice(from);
        const proof = prove(() => shuffled(list, roll).sort((a, b) => a.postedAt - b.postedAt), {
          limit: pageLimit,
          range: RANGE,
        });
        expectNoneMissed(proof, list, RANGE);
      }),
      { numRuns: 2000 },
    );
  });

  it('that shuffles everything on every page hides none of what is covered', () => {
    fc.assert(
      fc.property(tasks, limit, seed, (list, pageLimit, from) => {
        // Tasks of few seconds may come in the order of their posting by luck, and then nothing tells it from a server that
        // shuffles within its seconds only; ten seconds do once in millions.
        fc.pre(new Set(list.map(({ postedAt }) => postedAt)).size >= 10);
        const roll = dice(from);
        const proof = prove(() => shuffled(list, roll), { limit: pageLimit, range: RANGE });
        expectNoneMissed(proof, list, RANGE);
      }),
      { numRuns: 1000 },
    );
  });

  it('whose list shrinks during the walk hides none of what stays', () => {
    const gone = fc.array(fc.tuple(fc.nat(59), fc.nat(8)), { maxLength: 20, size: 'max' });
    fc.assert(
      fc.property(tasks, limit, gone, (list, pageLimit, removals) => {
        let calls = 0;
        const proof = prove(
          () => {
            calls += 1;
            const left = new Set(removals.filter(([, from]) => from < calls).map(([n]) => `task-${n}`));
            return list.filter(({ id }) => !left.has(id));
          },
          { limit: pageLimit, range: RANGE },
        );
        const removed = new Set(removals.map(([n]) => `task-${n}`));
        expectNoneMissed(proof, list.filter(({ id }) => !removed.has(id)), RANGE); // prettier-ignore
      }),
      { numRuns: 2000 },
    );
  });

  it('whose list grows during the walk hides none of what was there at its beginning', () => {
    const late = fc.array(fc.record({ second: fc.nat(29), from: fc.nat(8) }), { maxLength: 20, size: 'max' });
    fc.assert(
      fc.property(tasks, limit, late, (list, pageLimit, arrivals) => {
        let calls = 0;
        const proof = prove(
          () => {
            calls += 1;
            const there = arrivals.filter(({ from }) => from < calls);
            return [...list, ...there.map(({ second }, n) => ({ id: `late-${n}`, postedAt: second * 1000 }))].sort(
              byPosted,
            );
          },
          { limit: pageLimit, range: RANGE },
        );
        expectNoneMissed(proof, list, RANGE);
      }),
      { numRuns: 1000 },
    );
  });

  it('that sorts by something else than the posted time, and shuffles there, hides none either', () => {
    fc.assert(
      fc.property(tasks, limit, seed, (list, pageLimit, from) => {
        const roll = dice(from);
        const groups = new Map(list.map(({ id }) => [id, Math.floor(roll() * 4)]));
        const proof = prove(
          () => shuffled(list, roll).sort((a, b) => (groups.get(a.id) ?? 0) - (groups.get(b.id) ?? 0)),
          { limit: pageLimit, range: RANGE },
        );
        expectNoneMissed(proof, list, RANGE);
      }),
      { numRuns: 1000 },
    );
  });

  it('that never agrees with itself is believed after twelve readings, and doubted', () => {
    const list = Array.from({ length: 7 }, (_, n) => ({ id: `task-${n}`, postedAt: n * 1000 }));
    const proof = prove(() => list, { limit: 5, range: RANGE, honest: false });
    expect(proof?.verdict).toEqual({ kind: 'covered_in_doubt', flaws: ['result_count'] });
    expect(proof?.readings).toBe(MOST_READINGS);
    expect(MOST_READINGS).toBe(12);
  });

  it('that gives the same page for every offset is stuck', () => {
    const list = Array.from({ length: 5 }, (_, n) => ({ id: `task-${n}`, postedAt: n * 1000 }));
    const state = firstReading();
    const first = takePage(state, seen(list, { state, listed: new Set(), limit: 5, honest: true }));
    const after = stateOf(first);
    const listed = new Set(list.map(({ id }) => id));
    expect(takePage(after, seen(list, { state: after, listed, limit: 5, honest: true }))).toEqual({ kind: 'stuck' });
  });
});

function stateOf(step: PageStep): ReadingState {
  if (step.kind === 'more' || step.kind === 'end') return step.state;
  throw new Error(`the walk is at ${step.kind}`);
}

const row = (key: string, second: number | null, repeated = false) => ({
  key,
  postedAt: second === null ? null : second * 1000,
  repeated,
  nameless: false,
});

const page = (rows: PageSeen['rows'], over: Partial<PageSeen> = {}): PageSeen => ({
  limit: 3,
  rows,
  countMatches: true,
  echoMatches: true,
  resumed: false,
  ...over,
});

const afterOne = stateOf(takePage(firstReading(), page([row('a', 1), row('b', 2), row('c', 3)])));

describe('a page', () => {
  it('moves the offset by all its rows but one', () => {
    expect(afterOne).toMatchObject({ nextOffset: 2, pages: 1, rows: 3, link: 'c', linkPostedAt: 3000 });
  });

  it('that is short ends the walk, whose length is the last offset and its rows', () => {
    expect(takePage(afterOne, page([row('c', 3), row('d', 4)]))).toMatchObject({ kind: 'end', length: 4 });
    expect(takePage(firstReading(), page([]))).toMatchObject({ kind: 'end', length: 0, state: { flaws: [] } });
  });

  it('that does not begin with the link leaves the seconds between in doubt', () => {
    const state = stateOf(takePage(afterOne, page([row('e', 6)])));
    expect(state.flaws).toEqual(['links']);
    expect(state.doubtful).toEqual([{ since: 3000, until: 7000 }]);
  });

  it('with an id that came before leaves its second in doubt', () => {
    const state = stateOf(takePage(afterOne, page([row('c', 3), row('b', 2, true)])));
    expect(state.flaws).toEqual(['repeats']);
    expect(state.doubtful).toEqual([{ since: 2000, until: 3000 }]);
    expect(state.ordered).toBe(false);
  });

  it('that is empty beyond the link means that the list has shrunk: nothing is isolated', () => {
    const step = takePage(afterOne, page([]));
    expect(step).toMatchObject({ kind: 'end', length: 2, state: { flaws: ['ended_before_its_link', 'links'] } });
    expect(judge(RANGE, { state: stateOf(step), length: 2, unionSize: 3 })).toEqual({ kind: 'again' });
  });

  it('that comes first after a stop and does not begin with the link begins the reading anew', () => {
    expect(takePage(afterOne, page([row('d', 4)], { resumed: true }))).toEqual({ kind: 'restart' });
    expect(takePage(afterOne, page([], { resumed: true }))).toEqual({ kind: 'restart' });
    expect(restartedReading({ ...afterOne, reading: 4, previousLength: 9 })).toEqual({
      ...firstReading(),
      reading: 4,
      previousLength: null,
    });
  });

  it('that comes first after a stop and begins with the link goes on', () => {
    expect(takePage(afterOne, page([row('c', 3), row('d', 4)], { resumed: true }))).toMatchObject({
      kind: 'end',
      state: { flaws: [] },
    });
  });

  it('whose count or echo contradicts what was asked proves nothing', () => {
    const flawsOf = (over: Partial<PageSeen>) => stateOf(takePage(firstReading(), page([row('a', 1)], over))).flaws;
    expect(flawsOf({ countMatches: false })).toEqual(['result_count']);
    expect(flawsOf({ echoMatches: false })).toEqual(['echo']);
  });

  it('with a row without a posted time is in no order', () => {
    expect(stateOf(takePage(firstReading(), page([row('a', 1), row('b', null)]))).ordered).toBe(false);
    expect(stateOf(takePage(firstReading(), page([row('a', 2), row('b', 2), row('c', 3)]))).ordered).toBe(true);
    expect(stateOf(takePage(afterOne, page([row('c', 3), row('d', 2)]))).ordered).toBe(false);
  });
});

describe('a finished reading', () => {
  const flawed = (over: Partial<ReadingState>): ReadingState => ({ ...firstReading(), flaws: ['links'], ...over });
  const doubtful = [{ since: 3000, until: 4000 }];

  it('in posted order is proven but for the seconds in doubt', () => {
    expect(judge(RANGE, { state: flawed({ doubtful }), length: 9, unionSize: 9 })).toEqual({
      kind: 'covered',
      ranges: [
        { since: 0, until: 3000 },
        { since: 4000, until: 30_000 },
      ],
      doubtful,
    });
  });

  it('out of order is not taken apart', () => {
    expect(judge(RANGE, { state: flawed({ doubtful, ordered: false }), length: 9, unionSize: 9 })).toEqual({
      kind: 'again',
    });
  });

  it('of nothing but doubt is read again', () => {
    expect(judge({ since: 3000, until: 4000 }, { state: flawed({ doubtful }), length: 9, unionSize: 9 })).toEqual({
      kind: 'again',
    });
  });

  const second = { since: 3000, until: 4000 };
  it('is proven by two equal lengths and as many rows in all readings', () => {
    const state = flawed({ doubtful, reading: 2, previousLength: 9 });
    expect(judge(second, { state, length: 9, unionSize: 9 }).kind).toBe('covered');
    expect(judge(second, { state, length: 9, unionSize: 8 }).kind).toBe('again');
    expect(judge(second, { state, length: 9, unionSize: 10 }).kind).toBe('again');
    expect(judge(second, { state: { ...state, previousLength: 8 }, length: 9, unionSize: 9 }).kind).toBe('again');
    expect(judge(second, { state: { ...state, previousLength: null }, length: 9, unionSize: 9 }).kind).toBe('again');
  });

  it.each<Flaw>(['result_count', 'echo'])('with a wrong %s is neither counted nor taken apart', (flaw) => {
    const state = flawed({ flaws: [flaw, 'links'], doubtful, reading: 2, previousLength: 9 });
    expect(judge(RANGE, { state, length: 9, unionSize: 9 })).toEqual({ kind: 'again' });
  });

  it('is the last after twelve', () => {
    const state = flawed({ ordered: false, reading: 11 });
    expect(judge(RANGE, { state, length: 9, unionSize: 8 })).toEqual({ kind: 'again' });
    expect(judge(RANGE, { state: { ...state, reading: 12 }, length: 9, unionSize: 8 })).toEqual({
      kind: 'covered_in_doubt',
      flaws: ['links'],
    });
  });
});
