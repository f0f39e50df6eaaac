import type { TimeRange } from '../domain/time-range.ts';
import type { SomeUnfinished, Upkeep } from './upkeep.ts';

/** What was read last of an API: all from `since` on, or the first of them. */
type Known = { readonly version: number; readonly since: number; readonly some: SomeUnfinished };

/**
 * Unfinished tasks are looked through each minute, and most minutes nothing has been read since: then what is asked for is a part of
 * what was read last.
 *
 * @param version - Grows whenever a task or what is covered changes.
 */
export function createPending(version: () => number, read: Upkeep['unfinished']): Upkeep['unfinished'] {
  const known = new Map<string, Known>();
  return (api, range) => {
    const last = known.get(api);
    if (last?.version === version() && isWithin(range, last)) return cut(last.some, range);
    const some = read(api, { since: range.since, until: Infinity });
    known.set(api, { version: version(), since: range.since, some });
    return cut(some, range);
  };
}

function isWithin({ since, until }: TimeRange, known: Known): boolean {
  return since >= known.since && until <= (known.some.next ?? Infinity);
}

function cut({ seconds, next }: SomeUnfinished, { since, until }: TimeRange): SomeUnfinished {
  return {
    seconds: seconds.filter(({ postedAt }) => postedAt >= since && postedAt < until),
    next: next === null || next >= until ? null : next,
  };
}
