import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../time.ts';

/** `500ms`, `60s`, `10m`, `1h`, `30d`: a whole number and its unit, nothing between them. */
export const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/;

const UNITS = [
  ['d', DAY_MS],
  ['h', HOUR_MS],
  ['m', MINUTE_MS],
  ['s', SECOND_MS],
  ['ms', 1],
] as const;

/** @returns Milliseconds; NaN for what is not a duration. */
export function parseDuration(text: string): number {
  const [, digits, suffix] = DURATION.exec(text) ?? [];
  const unit = UNITS.find(([name]) => name === suffix);
  return unit === undefined ? Number.NaN : Number(digits) * unit[1];
}

/** The shortest exact way to write it: `90s`, `1h`. @param ms - Whole milliseconds, 0 or more. */
export function formatDuration(ms: number): string {
  const [name, size] = UNITS.find(([, unitMs]) => ms >= unitMs && ms % unitMs === 0) ?? ['ms', 1];
  return `${ms / size}${name}`;
}
