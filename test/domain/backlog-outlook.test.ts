import { describe, expect, it } from 'vitest';
import { backlogOutlook, isAllRead, isGrowthKnown } from '../../src/domain/backlog-outlook.ts';
import type { ApiCoverage, Snapshot } from '../../src/domain/snapshot.ts';

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

const API = {
  since: '2026-11-01T00:00:00Z',
  until: '2026-11-20T00:00:00Z',
  complete: true,
  gaps: [],
  losses: [],
  unsettled: [],
};
const gap = (since: string) => ({ since, until: '2026-11-21T00:00:00Z', grade: 'ids' as const, expiresAt: since });
const WHOLE: ApiCoverage = API;
const STOPPED: ApiCoverage = { ...API, complete: false, gaps: [gap('2026-11-20T00:00:00Z')] };
const LACKING: ApiCoverage = { ...API, complete: false, gaps: [gap('2026-11-19T23:59:59Z')] };
const UNREAD: ApiCoverage = { ...API, since: null, until: null, complete: false };

describe('everything is read', () => {
  it('where nothing of any API is missing but what came since its last reading', () => {
    expect(isAllRead({ coverage: { backlinks: WHOLE, serp: STOPPED } })).toBe(true);
    expect(isAllRead({ coverage: { backlinks: WHOLE, serp: LACKING } })).toBe(false);
    expect(isAllRead({ coverage: { backlinks: WHOLE, serp: UNREAD } })).toBe(false);
    expect(isAllRead({ coverage: {} })).toBe(false);
  });
});

describe('how fast a ledger grows', () => {
  it('is known once all is read of those APIs that are not refused', () => {
    const known = (coverage: Snapshot['coverage'], refused = {}) => isGrowthKnown({ coverage, refused });
    expect(known({ backlinks: STOPPED })).toBe(true);
    expect(known({ backlinks: LACKING })).toBe(false);
    expect(known({ backlinks: WHOLE, serp: UNREAD })).toBe(false);
    expect(known({ backlinks: WHOLE, serp: UNREAD }, REFUSED)).toBe(true);
  });
});
