import type { AlertMemory, Condition } from './alert-decision.ts';
import { behindMs, LATE_PERIODS } from './behind.ts';
import { diskState } from './disk.ts';
import type { Snapshot } from './snapshot.ts';

/** What of the daemon a snapshot does not say. Durations ms, instants epoch ms of the server's clock. */
export type AlertTerms = {
  readonly lagMs: number;
  /** How long the daemon means to be between two readings of the tail of an API. */
  readonly tailEveryMs: (api: string) => number;
  /** Since when this daemon runs: what was not read before is its backlog, and no sign that it cannot keep up. */
  readonly startedAt: number;
};

const DAY_MS = 86_400_000;
/** A disk that was told to be low is well again only by a quarter more. */
const MARGIN = 1.25;

/** Everything that is wrong now, from what the ledger says of itself. */
export function conditionsOf(snapshot: Snapshot, terms: AlertTerms, memory: readonly AlertMemory[]): Condition[] {
  const isParked = snapshot.state === 'parked';
  const plain = { api: null, muted: false, count: 0 };
  const behind = Object.keys(snapshot.coverage).filter(
    (api) => lagMs(snapshot, api, since(terms, api, memory)) !== null,
  );
  const refused = Object.keys(snapshot.refused);
  const expiring = expiringSoon(snapshot);
  return [
    ...(isParked ? [{ ...plain, kind: 'parked', severity: 2 } as const] : []),
    ...refused.map((api) => ({ ...plain, kind: 'parked', api, severity: 2, muted: isParked }) as const),
    ...behind.map((api) => {
      const muted = isParked || refused.includes(api);
      return { ...plain, kind: 'behind', api, severity: 1, muted } as const;
    }),
    ...(expiring.length > 0 ? [{ ...plain, kind: 'loss_ahead', severity: 2 } as const] : []),
    ...(snapshot.doubts > 0 ? [{ ...plain, kind: 'doubt', severity: 1, count: snapshot.doubts } as const] : []),
    ...diskConditions(snapshot, memory),
  ];
}

/** What was behind before a restart is so after it, until it is read. */
function since(terms: AlertTerms, api: string, memory: readonly AlertMemory[]): AlertTerms {
  const known = memory.find((one) => one.kind === 'behind' && one.api === api && one.told > 0);
  if (known === undefined) return terms;
  return { ...terms, startedAt: Math.min(terms.startedAt, known.since - 2 * LATE_PERIODS * terms.tailEveryMs(api)) };
}

/** By how much the ledger lags behind the tasks of an API, ms; null where it does not, Infinity where nothing was read yet. */
export function lagMs({ at, coverage, tail }: Snapshot, api: string, terms: AlertTerms): number | null {
  const gaps = coverage[api]?.gaps;
  const readUpTo = tail[api]?.readUpTo ?? null;
  if (gaps === undefined || readUpTo === null) return Infinity;
  const unread = gaps.map(({ since, until }) => ({ since: Date.parse(since), until: Date.parse(until) }));
  const upper = Date.parse(at) - terms.lagMs;
  const frontline = { unread, readUpTo: Date.parse(readUpTo), upper, startedAt: terms.startedAt };
  return behindMs({ ...frontline, everyMs: terms.tailEveryMs(api) }) || null;
}

/** What will leave its window unread within a day. */
export function expiringSoon({ at, backlog }: Snapshot): Snapshot['backlog']['willExpire'] {
  const soon = Date.parse(at) + DAY_MS;
  return backlog.willExpire.filter(({ expiresAt }) => Date.parse(expiresAt) < soon);
}

function diskConditions({ disk }: Snapshot, memory: readonly AlertMemory[]): Condition[] {
  if (disk === null) return [];
  const isTold = memory.some(({ kind, told }) => kind === 'disk' && told > 0);
  const state = diskState(disk, isTold ? MARGIN : 1);
  if (state === 'ok') return [];
  return [{ kind: 'disk', api: null, severity: state === 'full' ? 2 : 1, muted: false, count: 0 }];
}
