/** Where a harvest stands; sent after every page and whenever it starts to wait. */
export type Progress = {
  /** Share of the window that is covered at its grade, 0 … 1, by time. */
  readonly coveredShare: number;
  /** Tasks new to the ledger since this process began. */
  readonly newTasks: number;
  /** Rows received since this process began, repeats included. */
  readonly rows: number;
  readonly calls: number;
  /** What is not read yet takes at least so many. */
  readonly callsLeft: number;
  readonly tokensInUse: number;
  readonly tokens: number;
  /** Null while unknown. */
  readonly etaSeconds: number | null;
  /** Why nothing moves, where that is so. */
  readonly waiting: string | null;
  /** When the budget lets the next call through, where all of it is in use; null where it is not, or depends on an answer. */
  readonly nextCallInMs: number | null;
};

/** How a backfill ended. */
export type BackfillResult = {
  /** False when a slice had to be left: `left` then says which and why. */
  readonly complete: boolean;
  readonly left: readonly string[];
  readonly newTasks: number;
  readonly rows: number;
  readonly calls: number;
  readonly elapsedMs: number;
};

/** As a line of the log has it. */
export function loggedProgress({ coveredShare: share, ...facts }: Progress): object {
  return { coveredPercent: Math.floor(share * 100), ...facts };
}
