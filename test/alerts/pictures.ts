import type { AlertTerms } from '../../src/domain/alert-conditions.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';

export const AT = Date.UTC(2024, 4, 15, 12);
export const MINUTE = 60_000;

export const TERMS: AlertTerms = {
  lagMs: 30_000,
  tailEveryMs: () => MINUTE,
  runsForMs: () => 60 * MINUTE,
  isAnswered: () => true,
};

export function iso(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

/** A daemon that is well: all read but the last half minute. */
export function wellSnapshot(over: Partial<Snapshot> = {}): Snapshot {
  const readUpTo = iso(AT - 60_000);
  return {
    state: 'idle',
    reason: 'everything is read',
    until: null,
    at: iso(AT),
    tasks: { total: 100_000, withMetadata: 20_000, unfinished: 3 },
    coverage: {
      backlinks: {
        since: iso(AT - 180 * 24 * 60 * MINUTE),
        until: readUpTo,
        complete: true,
        gaps: [],
        losses: [],
        unsettled: [],
      },
    },
    tail: { backlinks: { readUpTo, readAt: iso(AT - 30_000), newestTask: null, behindSeconds: 0 } },
    refused: {},
    doubts: 0,
    lastFailure: null,
    budget: { calls: 10, periodMs: 60_000, inUse: 1, maxInAnyPeriod: 10, lastHour: 70 },
    backlog: { coveredShare: 0.5, calls: 12, etaSeconds: 72, exact: true, willExpire: [] },
    ledger: { path: '/data/ledger.db', schemaVersion: 1, sizeBytes: 50_000_000, walBytes: 0 },
    disk: { freeBytes: 50e9, totalBytes: 100e9, bytesPerDay: 1e6, daysLeft: null, state: 'ok' },
    version: '9.9.9',
    ...over,
  };
}

export function gapOf(since: number, until: number, expiresAt = AT + 30 * 24 * 60 * MINUTE) {
  return { since: iso(since), until: iso(until), grade: 'metadata', expiresAt: iso(expiresAt) } as const;
}

/** The last reading ended so long ago. */
export function lateSnapshot(minutes: number, over: Partial<Snapshot> = {}): Snapshot {
  const { tail, ...rest } = wellSnapshot();
  const readUpTo = iso(AT - minutes * MINUTE);
  return { ...rest, tail: { backlinks: { ...tail['backlinks']!, readUpTo } }, ...over };
}
