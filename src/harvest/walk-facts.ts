import type { Walk } from '../domain/walk.ts';

/** A walk in a line of the log. */
export function factsOf(walk: Walk): object {
  const { since, until } = walk.range;
  return {
    walk: walk.id,
    api: walk.api,
    grade: walk.grade,
    purpose: walk.purpose,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    offset: walk.reading.nextOffset,
    failures: walk.failures,
  };
}
