import type { Snapshot } from './snapshot.ts';

/**
 * Signs of life of the process that harvests, for a supervisor that must tell sleeping from stuck. Instants are monotonic ms of
 * that process.
 */
export type Vitals = {
  /** When its loop last came round, also while it waits or is parked; null before its first turn, e.g. during a migration. */
  readonly turnedAt: number | null;
  /** The ledger is not open yet, for its disk is full. */
  readonly lacksRoom?: boolean;
  /** Its last word on what it does, also where it could not be written down; null before the first. */
  readonly said?: Word | null;
  /** Of each API of the settings. */
  readonly tails: Readonly<Record<string, TailBeat>>;
};

/** What a process says that it does. @param until - Epoch ms of the server's clock. */
export type Word = { readonly state: Snapshot['state']; readonly reason: string; readonly until: number | null };

/** When the newest tasks of an API were last read well, null before the first time, and how long it means to be until the next. */
export type TailBeat = { readonly readAt: number | null; readonly everyMs: number };

/** The loop turns every few seconds whatever happens; a transaction holds it up for a second at the worst. */
const STUCK_AFTER_MS = 60_000;
/** A tail read may take a period, and one may fail. */
const LATE_AFTER_PERIODS = 3;

/** Whether the loop turns. Who has not begun yet opens the ledger or brings it up to date, which may take long. */
export function isAlive({ turnedAt }: Vitals, now: number): boolean {
  return turnedAt === null || now - turnedAt < STUCK_AFTER_MS;
}

/** The APIs whose last good tail read is three of its periods old, or that had none; none where all is well. */
export function lateTails({ tails }: Vitals, now: number): string[] {
  return Object.entries(tails)
    .filter(([, { readAt, everyMs }]) => readAt === null || now - readAt >= LATE_AFTER_PERIODS * everyMs)
    .map(([api]) => api);
}
