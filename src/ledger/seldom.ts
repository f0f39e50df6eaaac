import type { Gap } from '../domain/gaps.ts';

/** What only time has moved is written down no more often than this: the loop turns every few seconds, for years. */
const WRITTEN_AGAIN_MS = 60_000;
/** Who has not lost anything says so seldom. */
const ACCOUNTED_AGAIN_MS = 600_000;

/** The account of what has left the window: at once where something is lost, else now and then. */
export function seldom<Losses>(
  hasLost: (api: string, now: number) => boolean,
  account: (api: string, now: number) => Losses[],
): (api: string, now: number) => Losses[] {
  const accounted = new Map<string, number>();
  return (api, now) => {
    const last = accounted.get(api);
    if (last !== undefined && Math.abs(now - last) < ACCOUNTED_AGAIN_MS && !hasLost(api, now)) return [];
    const losses = account(api, now);
    accounted.set(api, now);
    return losses;
  };
}

/** The gaps: at once where any has come, gone or been filled in part, else now and then. */
export function unlessTheSame(
  version: () => number,
  write: (gaps: readonly Gap[], at: number) => void,
): (gaps: readonly Gap[], at: number) => void {
  let last = { version: -1, at: 0, count: 0 };
  return (gaps, at) => {
    const next = { version: version(), at, count: gaps.length };
    const isSame = next.version === last.version && next.count === last.count;
    if (isSame && Math.abs(at - last.at) < WRITTEN_AGAIN_MS) return;
    write(gaps, at);
    last = next;
  };
}
