/** What this process may use; bytes. */
export type Memory = {
  /** Of the container or the machine; 0 or more than any machine has where nothing limits it. */
  readonly constrainedBytes: number;
  /** What V8's heap may grow to. */
  readonly heapLimitBytes: number;
};

const MIB = 1024 * 1024;
/** Two rows of 10 MB, the fewest that a page can have, and what stands around them. */
const LEAST_BYTES = 24 * MIB;
/** A page of bulk tasks is tens of megabytes. */
const MOST_BYTES = 256 * MIB;
/** Four lanes hold a text each, and the one that is being read takes three to four times its text; a third is left for all else. */
const SHARE = 10;

/**
 * The longest answer that is taken. Half of the container is for the heap, the rest for SQLite, buffers and code; of the heap a tenth is for
 * one answer. What is longer counts as a page that is too large, and is asked for again with half the rows.
 */
export function answerLimitBytes({ constrainedBytes, heapLimitBytes }: Memory): number {
  const heap = Math.min(heapLimitBytes, constrainedBytes > 0 ? constrainedBytes / 2 : Infinity);
  return Math.round(Math.min(Math.max(heap / SHARE, LEAST_BYTES), MOST_BYTES));
}
