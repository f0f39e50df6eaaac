/** Interval arithmetic of the soak's own, so that it cannot share a mistake with the product. Whole seconds, half-open. */
export type Stretch = { readonly since: number; readonly until: number };

/** Sorted, disjoint, what touches is joined. */
function merged(stretches: readonly Stretch[]): Stretch[] {
  const result: { since: number; until: number }[] = [];
  for (const { since, until } of stretches.toSorted((a, b) => a.since - b.since)) {
    const last = result.at(-1);
    if (last === undefined || since > last.until) result.push({ since, until });
    else last.until = Math.max(last.until, until);
  }
  return result;
}

/** The first second of `whole` that none of `parts` holds; null where they hold all of it. */
export function firstHole(whole: Stretch, parts: readonly Stretch[]): number | null {
  let reached = whole.since;
  for (const { since, until } of merged(parts)) {
    if (since > reached) break;
    reached = Math.max(reached, until);
  }
  return reached < whole.until ? reached : null;
}

/** A second that both hold; null where there is none. */
export function overlap(some: readonly Stretch[], others: readonly Stretch[]): number | null {
  const right = merged(others);
  let place = 0;
  for (const { since, until } of merged(some)) {
    while ((right[place]?.until ?? Infinity) <= since) place += 1;
    const other = right[place];
    if (other !== undefined && other.since < until) return Math.max(since, other.since);
  }
  return null;
}
