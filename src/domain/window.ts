import type { Grade } from './task.ts';

/**
 * How far back the server answers. Nobody has written down whether its month is a calendar month or a number of days
 * (docs/endpoint.md, "Windows"), so the widest candidate of today goes first, and a refusal proves it too wide.
 */
export type Refusal = {
  readonly grade: Grade;
  /** The server's now less the refused `datetime_from`, ms: the window is narrower than this. */
  readonly widthMs: number;
  readonly seenAt: number;
};

const DAY = 86_400_000;
/** A refusal is believed for a week; then wider candidates get another chance, for calendar months differ. */
const BELIEVED_MS = 7 * DAY;
/** Requests take time to arrive, and the server's clock is known to the second at best. */
export const EDGE_MARGIN_MS = 60_000;

const MONTHS: Record<Grade, number> = { metadata: 1, ids: 6 };
const DAYS: Record<Grade, readonly number[]> = { metadata: [31, 30, 29, 28], ids: [184, 183, 182, 181, 180] };

/**
 * The oldest instant of the window that may still be asked for.
 *
 * @param now - The server's clock, epoch ms.
 * @returns Epoch ms, a whole second, a margin of a minute inside the widest window that no refusal of the last week excludes;
 *   a day further in, where even the narrowest candidate was refused.
 */
export function windowEdge(grade: Grade, now: number, refusals: readonly Refusal[]): number {
  const narrowest = Math.min(
    ...refusals
      .filter((refusal) => refusal.grade === grade && now - refusal.seenAt < BELIEVED_MS)
      .map((refusal) => refusal.widthMs),
  );
  const width =
    candidateWidths(grade, now).find((candidate) => candidate < narrowest) ?? Math.max(narrowest - DAY, DAY);
  return Math.ceil((now - width) / 1000) * 1000;
}

/** Shorter than the shortest month by more than a day a window cannot be, whatever a server says. */
export function isPlausibleWidth(grade: Grade, widthMs: number): boolean {
  return widthMs >= Math.min(...DAYS[grade]) * DAY - DAY;
}

type Candidates = { readonly day: number; readonly widths: readonly number[] };

/** Of the day that was last asked for: all of it has the same, and the edge is asked for many times in each look around. */
const candidates = new Map<Grade, Candidates>();

/** Widest first, ms, less the margin. */
function candidateWidths(grade: Grade, now: number): readonly number[] {
  const day = Math.floor(now / DAY);
  const known = candidates.get(grade);
  if (known?.day === day) return known.widths;
  const months = now - monthsBefore(now, MONTHS[grade]);
  const widths = [months, ...DAYS[grade].map((days) => days * DAY)].sort((a, b) => b - a);
  const next = { day, widths: widths.map((width) => width - EDGE_MARGIN_MS) };
  candidates.set(grade, next);
  return next.widths;
}

/** The same time of the same day `months` earlier, UTC; the last day of that month where it is shorter. */
export function monthsBefore(now: number, months: number): number {
  const date = new Date(now);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - months);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return date.getTime();
}
