/** What the log beside a ledger (its WAL) has led to so far. Instants are monotonic ms. */
export type WalMemory = {
  /** Whether it has been told that the log is large, and not yet that it is small again. */
  readonly isTold: boolean;
  /** When it was last tried to merge and empty it. */
  readonly triedAt: number | null;
};

export type WalLimits = {
  /** Large is what is above it. */
  readonly largeBytes: number;
  /** Small again is what is below it. */
  readonly smallBytes: number;
};

/** `truncate`: try to merge the log and empty it, then ask again. */
export type WalStep = 'nothing' | 'truncate' | 'tell large' | 'tell small';

/**
 * SQLite cuts the log back to 64 MiB (`journal_size_limit`, src/ledger/database.ts) when it begins it anew: what is above that could
 * not be begun anew, or was one large transaction a moment ago. What was cut has just that size and would never be far below it; only
 * once it has been emptied and has not grown back by half is it well, so that a log near the limit is not told again and again.
 */
export const WAL_LIMITS: WalLimits = { largeBytes: 67_108_864, smallBytes: 33_554_432 };

/** A try that fails has merged what could be; the next one is cheap, and a minute is soon enough. */
const TRY_AGAIN_MS = 60_000;

/**
 * What to do about a log of so many bytes. It is told only of one that could not be emptied just before, and once until it is small.
 * @param look - `now` in monotonic ms.
 */
export function walStep(
  { walBytes, memory, now }: { readonly walBytes: number; readonly memory: WalMemory; readonly now: number },
  limits: WalLimits,
): WalStep {
  const { isTold, triedAt } = memory;
  if (isTold && walBytes < limits.smallBytes) return 'tell small';
  if (!isTold && walBytes <= limits.largeBytes) return 'nothing';
  if (triedAt === null || now - triedAt >= TRY_AGAIN_MS) return 'truncate';
  return isTold ? 'nothing' : 'tell large';
}
