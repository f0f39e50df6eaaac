import { describe, expect, it } from 'vitest';
import { backlogOutlook, isAllRead } from '../../src/domain/backlog-outlook.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';

const BACKLOG = { coveredShare: 0.5, calls: 60, etaSeconds: 360, exact: true, willExpire: [] };
const REFUSED = { serp: { since: '', until: '', code: '40204', reason: 'Access denied.' } };

const outlook = (state: Snapshot['state'], over: { exact?: boolean; refused?: Snapshot['refused'] } = {}) =>
  backlogOutlook({ state, refused: over.refused ?? {}, backlog: { ...BACKLOG, exact: over.exact ?? true } });

describe('the outlook of a backlog', () => {
  it('is an end only where somebody reads, nobody is refused, and it is known how much there is', () => {
    expect([outlook('harvesting'), outlook('idle')]).toEqual(['goes_on', 'goes_on']);
    expect(outlook('harvesting', { exact: false })).toBe('unknown');
    expect(outlook('idle', { refused: REFUSED })).toBe('refused');
    expect(outlook('harvesting', { refused: REFUSED, exact: false })).toBe('refused');
  });

  it('is what keeps the daemon from reading, whatever is known', () => {
    for (const over of [{}, { exact: false }, { refused: REFUSED }])
      expect([outlook('waiting', over), outlook('parked', over), outlook('stopped', over)]).toEqual([
        'waits',
        'parked',
        'stopped',
      ]);
  });
});

describe('everything is read', () => {
  const api = (since: string | null, complete: boolean) => ({
    since,
    until: since,
    complete,
    gaps: [],
    losses: [],
    unsettled: [],
  });

  it('where each API is complete and one has been read at all', () => {
    const [whole, lacking, unread] = [
      api('2026-11-01T00:00:00Z', true),
      api('2026-11-01T00:00:00Z', false),
      api(null, false),
    ];
    expect(isAllRead({ coverage: { backlinks: whole, serp: whole } })).toBe(true);
    expect(isAllRead({ coverage: { backlinks: whole, serp: lacking } })).toBe(false);
    expect(isAllRead({ coverage: { backlinks: whole, serp: unread } })).toBe(false);
    expect(isAllRead({ coverage: {} })).toBe(false);
  });
});
