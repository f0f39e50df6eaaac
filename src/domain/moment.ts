const DATE_AND_TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * A moment as people type it: `2026-03-01`, `2026-03-01 12:57:46`, ISO 8601 with or without an offset, epoch seconds. Without an
 * offset it is UTC. @returns Epoch ms, cut to the second; null when it is no moment, e.g. the id of a task.
 */
export function parseMoment(text: string): number | null {
  const typed = text.trim();
  if (/^\d{1,11}$/.test(typed)) return Number(typed) * 1000;
  const [, date, time, offset] = DATE_AND_TIME.exec(typed) ?? [];
  if (date === undefined) return null;
  const at = Date.parse(`${date}T${time ?? '00:00'}${(offset ?? 'Z').toUpperCase()}`);
  // `Date.parse` takes the 31st of February for the 3rd of March.
  const isReal = !Number.isNaN(at) && new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
  return isReal ? Math.floor(at / 1000) * 1000 : null;
}
