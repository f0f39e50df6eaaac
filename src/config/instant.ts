import { parseMoment } from '../domain/moment.ts';
import { SECOND_MS } from '../time.ts';
import { parseDuration } from './duration.ts';

/** What may be typed for an instant, to be said after "it must be". */
export const INSTANT_FORMS =
  'a time like 2026-03-01, "2026-03-01 12:30:00" or 2026-03-01T12:30:00Z, UTC, or so long ago like 12h or 30d';

/**
 * An instant as people type it: a moment (`parseMoment`), or a duration, which is so long ago.
 *
 * @param now - Epoch ms that "ago" counts from.
 * @returns Epoch ms, cut to the second, never before 1970 by a duration; null when it is neither.
 */
export function parseInstant(text: string, now: number): number | null {
  const agoMs = parseDuration(text.trim());
  if (Number.isNaN(agoMs)) return parseMoment(text);
  return Math.max(Math.floor((now - agoMs) / SECOND_MS) * SECOND_MS, 0);
}
