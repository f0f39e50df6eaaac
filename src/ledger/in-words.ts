/** `2026-03-01 12:57:46`, UTC. @param at - Epoch seconds. */
export function momentInWords(at: number): string {
  return new Date(at * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** `backlinks 2026-03-01 12:57:46 to 2026-03-02 00:00:00`. Instants are epoch seconds. */
export function stretchInWords({ api, since, until }: { api: string; since: number; until: number }): string {
  return `${api} ${momentInWords(since)} to ${momentInWords(until)}`;
}

/** `2026-03-01T12:57:46Z`. @param at - Epoch seconds. */
export function isoOf(at: number): string {
  return new Date(at * 1000).toISOString().replace('.000Z', 'Z');
}

export function isoOrNull(at: number | null): string | null {
  return at === null ? null : isoOf(at);
}
