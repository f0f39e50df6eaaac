const FORM = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d) ([+-])(\d\d):(\d\d)$/;

/**
 * `2023-01-26 18:31:01 +00:00`, with any offset. @returns Epoch ms; null for any other form and for what no calendar holds,
 * such as 30 February, which `Date` would take for 2 March.
 */
export function parseWireTime(text: string): number | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [offsetHours = 0, offsetMinutes = 0] = match.slice(8, 10).map(Number);
  if (offsetHours > 23 || offsetMinutes > 59) return null;
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  const isCalendar =
    Number.isFinite(local) && new Date(local).toISOString().slice(0, 19).replace('T', ' ') === text.slice(0, 19);
  if (!isCalendar) return null;
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000;
  return match[7] === '+' ? local - offsetMs : local + offsetMs;
}
