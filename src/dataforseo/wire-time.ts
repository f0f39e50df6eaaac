import { formatWireTime } from '../time.ts';

const FORM = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d) ([+-])(\d\d):(\d\d)$/;

/**
 * `2023-01-26 18:31:01 +00:00`, with any offset. @returns Epoch ms; null for any other form and for what no calendar holds,
 * such as 30 February, which `Date` would take for 2 March.
 */
export function parseWireTime(text: string): number | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const part = (index: number) => Number(match[index]);
  const [offsetHours, offsetMinutes] = [part(8), part(9)];
  if (offsetHours > 23 || offsetMinutes > 59) return null;
  const local = Date.UTC(part(1), part(2) - 1, part(3), part(4), part(5), part(6));
  const isCalendar = Number.isFinite(local) && formatWireTime(local).slice(0, 19) === text.slice(0, 19);
  if (!isCalendar) return null;
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000;
  return match[7] === '+' ? local - offsetMs : local + offsetMs;
}
