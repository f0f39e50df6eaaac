import type { ApiCoverage, Snapshot } from './snapshot.ts';

/**
 * What may be said of when the gaps are read: `goes_on`, an end can be told; `unknown`, it cannot, for nobody knows yet how many tasks
 * there are; all else, it is in the hands of who must act, start the daemon or answer.
 */
export type BacklogOutlook = 'goes_on' | 'unknown' | 'waits' | 'refused' | 'parked' | 'stopped';

export function backlogOutlook({
  state,
  refused,
  backlog,
}: Pick<Snapshot, 'state' | 'refused' | 'backlog'>): BacklogOutlook {
  switch (state) {
    case 'stopped':
    case 'parked':
      return state;
    case 'waiting':
      return 'waits';
    case 'harvesting':
    case 'idle':
      if (Object.keys(refused).length > 0) return 'refused';
      return backlog.exact ? 'goes_on' : 'unknown';
  }
}

/** Whether nothing of an API is missing but what came since its last reading. */
export function isRead({ complete, until, gaps }: ApiCoverage): boolean {
  return complete || (until !== null && gaps.every(({ since }) => since >= until));
}

/** The same of all APIs. */
export function isAllRead({ coverage }: Pick<Snapshot, 'coverage'>): boolean {
  const apis = Object.values(coverage);
  return apis.some(({ since }) => since !== null) && apis.every(isRead);
}

/** Whether the days that tell how fast the ledger grows are read: of those APIs that DataForSEO does not refuse. */
export function isGrowthKnown({ coverage, refused }: Pick<Snapshot, 'coverage' | 'refused'>): boolean {
  return isAllRead({ coverage: Object.fromEntries(Object.entries(coverage).filter(([api]) => !(api in refused))) });
}
