// How people read numbers and times, wherever something is told: on a terminal, in an alert.

/** Made when it is first needed: it takes longer than most of a start. */
let thousands: Intl.NumberFormat | undefined;
const SIZES = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `60,000`. */
export function count(value: number): string {
  thousands ??= new Intl.NumberFormat('en-US');
  return thousands.format(value);
}

/** Foreign words without the gap that DataForSEO leaves before the end of a sentence: `See https://… .` becomes `See https://….` */
export function withoutGaps(text: string): string {
  return text.replace(/ ([.!?])(?= |$)/g, '$1');
}

/** One line that ends like a sentence, also where foreign words are in it. */
export function asSentence(text: string): string {
  const line = withoutGaps(text.replace(/\s+/g, ' ')).trim();
  return /[.!?…]$/.test(line) ? line : `${line}.`;
}

/** `1 task`, `2 tasks`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `43 %`, rounded down: 100 % is a promise. @param share - 0 … 1. */
export function wholePercent(share: number): string {
  return `${Math.floor(Math.min(Math.max(share, 0), 1) * 100)} %`;
}

/** Two units at most: `4 s`, `2 min 5 s`, `12 min`, `2 h 5 min`, `3 d 4 h`. @param seconds - 0 or more. */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 600) return twoUnits(whole, 60, ['min', 's']);
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes < 1440 ? twoUnits(minutes, 60, ['h', 'min']) : twoUnits(Math.round(minutes / 60), 24, ['d', 'h']);
}

function twoUnits(value: number, size: number, [large, small]: readonly [string, string]): string {
  const rest = value % size;
  return `${Math.floor(value / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** `4 kB`, `1.5 GB`. */
export function bytes(value: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(value, 1)) / 3), SIZES.length - 1);
  const scaled = value / 1000 ** power;
  return `${scaled >= 10 || power === 0 ? Math.round(scaled) : scaled.toFixed(1)} ${SIZES[power] ?? 'B'}`;
}

/** `2026-03-01 12:57:46`; times of people are UTC by the server's clock. @param iso - ISO 8601 in UTC. */
export function instant(iso: string | null): string {
  return iso === null ? 'never' : iso.slice(0, 19).replace('T', ' ');
}
