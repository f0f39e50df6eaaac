import { describe, expect, it } from 'vitest';
import { NO_FILTER, type ReportFilter, type ReportKind } from '../../../src/domain/report.ts';
import type { ListedTask } from '../../../src/domain/task.ts';
import { unknownTag } from '../../../src/ledger/reports/unknown-tag.ts';
import {
  asRow,
  BARE,
  begunLedger,
  DAY,
  FAILED,
  HOUR,
  listed,
  NOW,
  PENDING,
  readSlice,
  sliceOf,
  withDatabase,
} from '../../support/ledger.ts';

const SINCE = Date.UTC(2024, 3, 1);
const EDGE = SINCE + 2 * DAY;

/** Before the edge what is listed without metadata has lost it, after it comes later. */
const TASKS: readonly ListedTask[] = [
  listed('lost', SINCE + HOUR, { ...BARE, costMicros: 1 }),
  listed('lost too', SINCE + DAY + HOUR, { ...BARE, costMicros: 10 }),
  listed('lost, of others', SINCE + DAY + 2 * HOUR, { ...BARE, costMicros: 100, url: '/v3/backlinks/history/live', endpoint: 'backlinks/history/live' }), // prettier-ignore
  listed('lost, failed', SINCE + DAY + 3 * HOUR, { ...BARE, ...FAILED, costMicros: 1_000 }),
  listed('to come', EDGE + HOUR, { ...BARE, costMicros: 10_000 }),
  listed('to come, unfinished', EDGE + DAY + HOUR, { ...BARE, ...PENDING, costMicros: 100_000 }),
  listed('known', SINCE + DAY + 4 * HOUR, { costMicros: 7 }),
  listed('known to have none', SINCE + DAY + 5 * HOUR, { tag: null, metadata: '{}', costMicros: 7 }),
];

function ledger(tasks = TASKS) {
  const temp = begunLedger();
  readSlice(temp.ledger, sliceOf(SINCE, SINCE + 5 * DAY, { grade: 'ids' }), tasks.map(asRow), {
    at: { now: NOW, metadataEdge: EDGE },
  });
  const ask = (over: Partial<ReportFilter>, kind: ReportKind = 'costs', now = NOW) =>
    withDatabase(temp.path, { readonly: true }, (database) =>
      unknownTag(database, { kind, filter: { ...NO_FILTER, tag: 'customer-7', ...over }, now }),
    );
  return { ...temp, ask };
}

describe('the tasks whose tag is not known', () => {
  it('are those of the same time and the same other filters, lost or not read yet', () => {
    const { ask } = ledger();
    const micros = (over: Partial<ReportFilter>) => ask(over)?.costMicros;
    expect(ask({})).toEqual({ tasks: 6, costMicros: 111_111 });
    // By whole days, by parts of them, and within one.
    expect(micros({ since: SINCE + DAY, until: EDGE })).toBe(1_110);
    expect(micros({ since: SINCE + DAY + 1.5 * HOUR, until: EDGE + 2 * HOUR })).toBe(11_100);
    expect(micros({ since: SINCE + DAY, until: SINCE + DAY + 2 * HOUR })).toBe(10);
    expect(micros({ endpoint: 'backlinks/history/live' })).toBe(100);
    expect(micros({ state: 'failed', until: EDGE })).toBe(1_000);
    expect(micros({ state: 'pending' })).toBe(100_000);
    expect(micros({ api: 'backlinks' })).toBe(111_111);
  });

  it('are none where no tag is asked for, or each is known', () => {
    const { ask } = ledger();
    expect(ask({ tag: null })).toBeNull();
    expect(ask({ since: SINCE + DAY + 3.5 * HOUR, until: EDGE })).toBeNull();
    expect(ask({ api: 'serp' })).toBeNull();
    expect(ask({ state: 'partial' })).toBeNull();
    expect(ask({ since: EDGE + 2 * DAY })).toBeNull();
    expect(ask({ since: SINCE + DAY + 3.5 * HOUR, until: EDGE, endpoint: 'backlinks/summary/live' })).toBeNull();
  });

  it('count no more once their metadata is read', () => {
    const { ask, ledger: own } = ledger();
    const read = TASKS.map((task) => asRow({ ...task, metadata: '{"tag":"x"}', tag: 'x' }));
    readSlice(own, sliceOf(SINCE, SINCE + 5 * DAY), read, { at: { now: NOW, metadataEdge: EDGE } });
    expect(ask({})).toBeNull();
  });

  it('are also those that the server lists without metadata for good', () => {
    const { ask, ledger: own, value } = ledger([]);
    const rows = [listed('with', EDGE + HOUR, {}), listed('without', EDGE + 2 * HOUR, { ...BARE, costMicros: 5 })];
    readSlice(own, sliceOf(EDGE, EDGE + DAY), rows.map(asRow), { at: { now: NOW, metadataEdge: EDGE } });
    expect(value(`select metadata_state from tasks where id = 'without'`)).toBe('none');
    expect(ask({})).toEqual({ tasks: 1, costMicros: 5 });
  });

  it('are those that each kind of report is about', () => {
    const { ask, ledger: own } = ledger();
    expect(ask({}, 'failures')).toEqual({ tasks: 1, costMicros: 1_000 });
    expect(ask({}, 'unfinished')).toEqual({ tasks: 1, costMicros: 100_000 });
    expect(ask({}, 'duplicates')).toEqual({ tasks: 5, costMicros: 110_111 });
    expect(ask({ state: 'failed' }, 'duplicates')).toEqual({ tasks: 1, costMicros: 1_000 });
    expect(ask({}, 'changes')).toBeNull();
    const refunded = TASKS.map((task) => asRow(task.id === 'lost' ? { ...task, costMicros: 0 } : task));
    readSlice(own, sliceOf(SINCE, SINCE + 5 * DAY, { grade: 'ids' }), refunded, {
      at: { now: NOW, metadataEdge: EDGE },
    });
    expect(ask({}, 'changes')).toEqual({ tasks: 1, costMicros: 0 });
    expect(ask({ until: NOW - DAY }, 'changes')).toBeNull();
  });

  it('of results that can be fetched are only those that are kept', () => {
    const kept = {
      ...BARE,
      url: '/v3/serp/google/organic/task_post',
      endpoint: 'serp/google/organic/task_post',
      costMicros: 3,
    };
    const { ask } = ledger([...TASKS, listed('kept', EDGE + 2 * DAY, kept), listed('gone', SINCE, kept)]);
    expect(ask({}, 'retrievable', EDGE + 10 * DAY)).toEqual({ tasks: 2, costMicros: 6 });
    expect(ask({}, 'retrievable', SINCE + 31 * DAY)).toEqual({ tasks: 1, costMicros: 3 });
    expect(ask({}, 'retrievable', SINCE + 50 * DAY)).toBeNull();
  });
});
