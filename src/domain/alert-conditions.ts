import type { AlertMemory, Condition } from './alert-decision.ts';
import { behindMs, LATE_PERIODS } from './behind.ts';
import { diskState } from './disk.ts';
import type { Snapshot } from './snapshot.ts';

/** What of the daemon a snapshot does not say. Durations ms, instants epoch ms of the server's clock. */
export type AlertTerms = {
  readonly lagMs: number;
  /** How long the daemon means to be between two readings of the tail of an API. */
  readonly tailEveryMs: (api: string) => number;
  /**
   * How long this daemon runs: what was not read before is its backlog, and no sign that it cannot keep up. No instant, for at its
   * start the server's clock is a guess.
   */
  readonly runsForMs: () => number;
  /** Whether DataForSEO has answered a call well since it last refused one. */
  readonly isAnswered: () => boolean;
};

const DAY_MS = 86_400_000;
/** A disk that was told to be low is well again only by a quarter more. */
const MARGIN = 1.25;

const PLAIN = { api: null, muted: false, unsure: false, count: 0 } as const;

/** Everything that is wrong now, or may be so still, from what the ledger says of itself. */
export function conditionsOf(snapshot: Snapshot, terms: AlertTerms, memory: readonly AlertMemory[]): Condition[] {
  const parked = parkedConditions(snapshot, terms, memory);
  const isParked = parked.length > 0;
  const behind = Object.keys(snapshot.coverage).filter(
    (api) =>
      lagMs(
        snapshot,
        api,
        since(
          snapshot,
          terms,
          memory.find((one) => one.kind === 'behind' && one.api === api),
        ),
      ) !== null,
  );
  const refused = Object.keys(snapshot.refused);
  const expiring = expiringSoon(snapshot);
  return [
    ...parked,
    ...refused.map((api) => ({ ...PLAIN, kind: 'parked', api, severity: 2, muted: isParked }) as const),
    ...behind.map((api) => {
      const muted = isParked || refused.includes(api);
      return { ...PLAIN, kind: 'behind', api, severity: 1, muted } as const;
    }),
    ...(expiring.length > 0 ? [{ ...PLAIN, kind: 'loss_ahead', severity: 2 } as const] : []),
    ...(snapshot.doubts > 0 ? [{ ...PLAIN, kind: 'doubt', severity: 1, count: snapshot.doubts } as const] : []),
    ...diskConditions(snapshot, memory),
  ];
}

/**
 * Who does not say that it is parked is not told apart from one that gets no answer, or that has just been started: what was told
 * is over only with a good answer. Each API by itself is remembered by the ledger until it answers.
 */
function parkedConditions(snapshot: Snapshot, terms: AlertTerms, memory: readonly AlertMemory[]): Condition[] {
  const parked = { ...PLAIN, kind: 'parked', severity: 2 } as const;
  if (snapshot.state === 'parked') return [parked];
  const isTold = memory.some(({ kind, api, told }) => kind === 'parked' && api === null && told > 0);
  return isTold && !terms.isAnswered() ? [{ ...parked, unsure: true }] : [];
}

/** What was behind before a restart is so after it, until it is read. */
function since({ at }: Snapshot, terms: AlertTerms, known: AlertMemory | undefined): AlertTerms {
  if (known === undefined || known.told === 0) return terms;
  const lastedMs = Date.parse(at) - known.since + 2 * LATE_PERIODS * terms.tailEveryMs(known.api ?? '');
  return { ...terms, runsForMs: () => Math.max(terms.runsForMs(), lastedMs) };
}

/** By how much the ledger lags behind the tasks of an API, ms; null where it does not, Infinity where nothing was read yet. */
export function lagMs({ at, coverage, tail }: Snapshot, api: string, terms: AlertTerms): number | null {
  const gaps = coverage[api]?.gaps;
  const readUpTo = tail[api]?.readUpTo ?? null;
  if (gaps === undefined || readUpTo === null) return Infinity;
  const unread = gaps.map(({ since, until }) => ({ since: Date.parse(since), until: Date.parse(until) }));
  const upper = Date.parse(at) - terms.lagMs;
  const startedAt = Date.parse(at) - terms.runsForMs();
  const frontline = { unread, readUpTo: Date.parse(readUpTo), upper, startedAt };
  return behindMs({ ...frontline, everyMs: terms.tailEveryMs(api) }) || null;
}

/** What will leave its window unread within a day. */
export function expiringSoon({ at, backlog }: Snapshot): Snapshot['backlog']['willExpire'] {
  const soon = Date.parse(at) + DAY_MS;
  return backlog.willExpire.filter(({ expiresAt }) => Date.parse(expiresAt) < soon);
}

function diskConditions({ disk }: Snapshot, memory: readonly AlertMemory[]): Condition[] {
  if (disk === null) return [{ ...PLAIN, kind: 'disk', severity: 1, unsure: true }];
  const isTold = memory.some(({ kind, told }) => kind === 'disk' && told > 0);
  const state = diskState(disk, isTold ? MARGIN : 1);
  if (state === 'ok') return [];
  return [{ ...PLAIN, kind: 'disk', severity: state === 'full' ? 2 : 1 }];
}
