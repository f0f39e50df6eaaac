import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KnownTask, Merge, MetadataState, Sighting } from '../../src/domain/merge-task.ts';
import { mergeTask, newTask } from '../../src/domain/merge-task.ts';
import type { ListedTask, TaskState } from '../../src/domain/task.ts';

const POSTED = Date.UTC(2024, 4, 15, 12);
const text = (at: number) => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} +00:00`;

const OUTCOMES = [
  { status: '20000', statusCode: 20_000, state: 'finished' },
  { status: 'ok', statusCode: 20_000, state: 'finished' },
  { status: '40102', statusCode: 40_102, state: 'empty' },
  { status: '40106', statusCode: 40_106, state: 'partial' },
  { status: '40501', statusCode: 40_501, state: 'failed' },
  { status: '40602', statusCode: 40_602, state: 'pending' },
] as const;

const outcome = fc.oneof(
  fc
    .record({ of: fc.constantFrom(...OUTCOMES), doneAt: fc.option(fc.integer({ min: -1, max: 100 })) })
    .map(({ of, doneAt }) => ({ ...of, ...doneAtOf(doneAt) })),
  // A row without a status: what it tells is whether it is done.
  fc.option(fc.integer({ min: -1, max: 100 })).map((doneAt) => ({
    status: null,
    statusCode: null,
    state: doneAt === null ? ('pending' as const) : ('finished' as const),
    ...doneAtOf(doneAt),
  })),
);

function doneAtOf(seconds: number | null) {
  if (seconds === null) return { doneAt: null, doneText: null };
  const doneAt = POSTED + seconds * 1000;
  return { doneAt, doneText: text(doneAt) };
}

const description = fc.option(
  fc.record({
    tag: fc.option(fc.constantFrom('', '=x', 'customer-7')),
    target: fc.option(fc.constantFrom('example.com', 'ä.example')),
  }),
);

const listing: fc.Arbitrary<ListedTask> = fc
  .record({
    outcome,
    described: description,
    costMicros: fc.option(fc.integer({ min: 0, max: 1_000_000 })),
    extra: fc.option(fc.constantFrom('{"a":1}', '{"b":2}')),
  })
  .map(({ outcome: of, described, costMicros, extra }) => ({
    id: 'task-1',
    url: 'v3/backlinks/summary/live',
    endpoint: 'backlinks/summary/live',
    postedAt: POSTED,
    postedText: text(POSTED),
    ...of,
    costMicros,
    metadata: described === null ? null : JSON.stringify(described),
    tag: described?.tag ?? null,
    target: described?.target ?? null,
    extra,
  }));

const sighting: fc.Arbitrary<Sighting> = fc.record({
  callId: fc.integer({ min: 1, max: 6 }),
  withMetadata: fc.boolean(),
  metadataEdge: fc.constantFrom(POSTED - 1000, POSTED + 1000),
});

/** A task after the answers so far, as the ledger keeps it: `newest` is the newest call that had begun when it changed. */
const known: fc.Arbitrary<KnownTask> = fc
  .tuple(listing, sighting, fc.array(fc.tuple(listing, sighting), { maxLength: 3 }), fc.integer({ min: 0, max: 2 }))
  .map(([first, seen, more, inFlight]) => {
    const born: KnownTask = { ...newTask(first, seen), changedCall: seen.callId + inFlight };
    return more.reduce((task, [next, by]) => after(task, mergeTask(task, next, by), by.callId + inFlight), born);
  });

function after(task: KnownTask, merged: Merge, newestCall: number): KnownTask {
  return { ...merged.next, changedCall: merged.altered ? Math.max(newestCall, task.changedCall) : task.changedCall };
}

const fresh = (task: KnownTask, by: Sighting): Sighting => ({ ...by, callId: task.changedCall + 1 });
const stale = (task: KnownTask, by: Sighting): Sighting => ({ ...by, callId: task.changedCall });
const outcomeOf = ({ status, state, doneAt, doneText, costMicros }: Omit<KnownTask, 'changedCall'>) => ({
  status,
  state,
  doneAt,
  doneText,
  costMicros,
});

const everythingOf = (task: Omit<KnownTask, 'changedCall'>) => {
  const { metadata, metadataState, tag, target, extra } = task;
  return { ...outcomeOf(task), metadata, metadataState, tag, target, extra };
};

describe('I3 nothing known is forgotten', () => {
  it('metadata is never cleared', () => {
    fc.assert(
      fc.property(known, listing, sighting, (task, listed, by) => {
        const { next } = mergeTask(task, listed, by);
        if (task.metadata !== null) expect(next.metadata).not.toBeNull();
        if (task.metadata !== null) expect(next.metadataState).toBe('held');
        expect(next.metadata !== null).toBe(next.metadataState === 'held');
        if (listed.metadata === null) expect([next.tag, next.target]).toEqual([task.tag, task.target]);
      }),
    );
  });

  it('a field that a page leaves out clears none that is known', () => {
    fc.assert(
      fc.property(known, listing, sighting, (task, listed, by) => {
        const { next } = mergeTask(task, listed, fresh(task, by));
        for (const field of ['status', 'doneAt', 'doneText', 'costMicros', 'metadata', 'extra'] as const) {
          if (task[field] !== null) expect(next[field]).not.toBeNull();
        }
      }),
    );
  });

  it('an answer to a call that was sent before the last change overwrites nothing, but fills in what is not known', () => {
    fc.assert(
      fc.property(known, listing, sighting, (task, listed, by) => {
        const { next, changes, reverted } = mergeTask(task, listed, stale(task, by));
        expect(outcomeOf(next)).toEqual(outcomeOf(task));
        expect(changes).toEqual([]);
        expect(reverted).toBe(false);
        expect(next.metadata).toBe(task.metadata ?? listed.metadata);
        expect(next.extra).toBe(task.extra ?? listed.extra);
      }),
    );
  });

  it('a task that was not pending and is listed as pending stays what it was, and is a doubt', () => {
    fc.assert(
      fc.property(known, listing, sighting, (task, listed, by) => {
        const merged = mergeTask(task, listed, fresh(task, by));
        const says = listed.status !== null && listed.state === 'pending';
        expect(merged.reverted).toBe(task.state !== 'pending' && says);
        if (merged.reverted) expect(outcomeOf(merged.next)).toEqual(outcomeOf(task));
      }),
    );
  });

  it('a row without status and done tells nothing of the state, and is no doubt', () => {
    const task: KnownTask = { ...newTask(row(), plainSight), changedCall: 1 };
    const mute = row({ status: null, statusCode: null, state: 'pending', doneAt: null, doneText: null });
    const merged = mergeTask(task, { ...mute, costMicros: 9 }, { ...plainSight, callId: 2 });
    expect(merged.reverted).toBe(false);
    expect(merged.next).toMatchObject({ status: '20000', state: 'finished', costMicros: 9 });
    expect(merged.changes).toEqual([{ field: 'cost', old: '0.02', new: '0.000009' }]);
  });

  it('a change of status, done or cost leaves its old value in the history, and nothing else does', () => {
    fc.assert(
      fc.property(known, listing, sighting, (task, listed, by) => {
        const { next, changes } = mergeTask(task, listed, fresh(task, by));
        const dollars = (micros: number | null) => (micros === null ? null : String(micros / 1e6));
        const expected = [
          { field: 'status', old: task.status, new: next.status },
          { field: 'done', old: task.doneText, new: next.doneText },
          { field: 'cost', old: dollars(task.costMicros), new: dollars(next.costMicros) },
        ].filter((change) => change.old !== change.new);
        expect(changes).toEqual(expected);
      }),
    );
  });

  it('the same answer once more alters nothing', () => {
    fc.assert(
      fc.property(known, listing, sighting, (task, listed, by) => {
        const first = after(task, mergeTask(task, listed, fresh(task, by)), task.changedCall + 1);
        const again = mergeTask(first, listed, fresh(first, by));
        expect(again.altered).toBe(false);
        expect(again.changes).toEqual([]);
      }),
    );
  });

  it('what is said of a task is what was altered', () => {
    fc.assert(
      fc.property(known, listing, sighting, (task, listed, by) => {
        const { next, altered } = mergeTask(task, listed, by);
        const same = JSON.stringify(everythingOf(next)) === JSON.stringify(everythingOf(task));
        expect(altered).toBe(!same);
      }),
    );
  });
});

const plainSight: Sighting = { callId: 1, withMetadata: true, metadataEdge: POSTED - 86_400_000 };

function row(over: Partial<ListedTask> = {}): ListedTask {
  return {
    id: 'task-1',
    url: 'v3/backlinks/summary/live',
    endpoint: 'backlinks/summary/live',
    postedAt: POSTED,
    postedText: text(POSTED),
    doneAt: POSTED,
    doneText: text(POSTED),
    status: '20000',
    statusCode: 20_000,
    state: 'finished',
    costMicros: 20_000,
    metadata: null,
    tag: null,
    target: null,
    extra: null,
    ...over,
  };
}

describe('the state of metadata', () => {
  const pending: Partial<ListedTask> = { state: 'pending', status: '40602', statusCode: 40_602 };
  const cases: readonly (readonly [string, Partial<ListedTask>, Partial<Sighting>, MetadataState])[] = [
    ['held where the row brought it', { metadata: '{}' }, {}, 'held'],
    ['none where it was asked for and a task that is over has none', {}, {}, 'none'],
    ['pending while the task is', pending, {}, 'pending'],
    ['pending where it was not asked for', {}, { withMetadata: false }, 'pending'],
    [
      'lost where it was not asked for and the month is over',
      {},
      { withMetadata: false, metadataEdge: POSTED + 1 },
      'lost',
    ],
    ['lost where the task still runs and the month is over', pending, { metadataEdge: POSTED + 1 }, 'lost'],
  ];

  it.each(cases)('is %s', (_name, over, by, state) => {
    expect(newTask(row(over), { ...plainSight, ...by }).metadataState).toBe(state);
  });

  it.each<MetadataState>(['none', 'lost', 'pending'])(
    'is held as soon as a task without any (%s) is listed with it',
    (before) => {
      const task: KnownTask = { ...newTask(row(), plainSight), metadataState: before, changedCall: 1 };
      expect(
        mergeTask(task, row({ metadata: '{"tag":"t"}', tag: 't' }), { ...plainSight, callId: 1 }).next,
      ).toMatchObject({
        metadataState: 'held',
        tag: 't',
      });
    },
  );

  it.each<[MetadataState, TaskState]>([
    ['none', 'finished'],
    ['lost', 'finished'],
  ])('stays %s in a listing without', (before, state) => {
    const task: KnownTask = { ...newTask(row({ state }), plainSight), metadataState: before, changedCall: 1 };
    const merged = mergeTask(task, row(), { ...plainSight, withMetadata: false, callId: 2 });
    expect(merged.next.metadataState).toBe(before);
  });
});
