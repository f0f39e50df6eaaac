/** The ledger and the truth differ, or the ledger contradicts itself. */
export class SoakFailure extends Error {
  override readonly name = 'SoakFailure';
}

export function claim(holds: boolean, words: () => string): void {
  if (!holds) throw new SoakFailure(words());
}

export function iso(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().replace('.000Z', 'Z') : String(ms);
}
