/** So many tasks, and the sum mod 2^128 of the hashes of their ids: the digest, as a number. */
export type Group = { readonly rows: number; readonly sum: bigint };

/** The tasks that lie in the slice of a walk now. */
export type RowsNow = {
  readonly all: Group;
  /** Without those first seen after the walk had ended: whatever it listed is among them. */
  readonly known: Group;
  /** Other sets that the walk may have listed exactly. */
  readonly guesses: readonly Group[];
};

export type RowsVerdict =
  /** What the walk listed is here, task by task. */
  | { readonly kind: 'same' }
  /** At least so many of what it listed are gone. */
  | { readonly kind: 'missing'; readonly rows: number }
  /** As many as it listed, but not the same. */
  | { readonly kind: 'other' }
  /** More were known by then than it listed, and which ones it listed cannot be told. */
  | { readonly kind: 'undecided' };

const MODULUS = 2n ** 128n;

export const NO_ROWS: Group = { rows: 0, sum: 0n };

export function withRow(group: Group, hash: bigint): Group {
  return { rows: group.rows + 1, sum: (group.sum + hash) % MODULUS };
}

/**
 * Holds the tasks now in a slice against what a walk listed, of which the number and the digest are known. No task is ever
 * deleted nor moved to another second, so what was listed is a part of what is there now, and a part of what was first seen
 * by the end of the walk. Where a set has as many tasks as were listed it must be the very set; where one has fewer, some
 * are gone. A digest that fits proves a set, however it was guessed: 128 bits do not fit by chance.
 */
export function judgeRows(listed: Group, now: RowsNow): RowsVerdict {
  if ([now.all, now.known, ...now.guesses].some((group) => isSame(group, listed))) return { kind: 'same' };
  if (now.known.rows < listed.rows) return { kind: 'missing', rows: listed.rows - now.known.rows };
  return now.known.rows === listed.rows ? { kind: 'other' } : { kind: 'undecided' };
}

/** Whether one or two of these hashes are all that a set has less than another. */
export function fewThatSumTo(hashes: readonly bigint[], sets: { readonly from: Group; readonly to: Group }): boolean {
  const rows = sets.to.rows - sets.from.rows;
  const wanted = modulo(sets.to.sum - sets.from.sum);
  if (rows === 0) return wanted === 0n;
  if (rows === 1) return hashes.includes(wanted);
  if (rows !== 2) return false;
  const known = new Set(hashes);
  return hashes.some((hash) => known.has(modulo(wanted - hash)) && modulo(wanted - hash) !== hash);
}

function modulo(number: bigint): bigint {
  return ((number % MODULUS) + MODULUS) % MODULUS;
}

function isSame(a: Group, b: Group): boolean {
  return a.rows === b.rows && a.sum === b.sum;
}
