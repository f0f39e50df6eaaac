/** The ledger keeps whole seconds, the code milliseconds; only this room converts. */
export function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

export function toMs(seconds: number): number {
  return seconds * 1000;
}

export function toSecondsOrNull(ms: number | null): number | null {
  return ms === null ? null : toSeconds(ms);
}

export function toMsOrNull(seconds: number | null): number | null {
  return seconds === null ? null : toMs(seconds);
}

export const DAY_SECONDS = 86_400;

/** SQL: the day of a task since 1970-01-01, UTC. SQLite divides towards zero, so before 1970 it would be the day after. */
export const DAY_OF_TASK = '(task.posted_at - ((task.posted_at % 86400) + 86400) % 86400) / 86400';
