const NUMBER = new Intl.NumberFormat('en-US');
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

export const DAY_MS = 86_400_000;
const CENT_MICROS = 10_000;

export function count(number: number): string {
  return NUMBER.format(number);
}

export function compact(number: number): string {
  return number < 100_000 ? NUMBER.format(number) : COMPACT.format(number);
}

export function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** To the cent; below one cent with all its digits, for what is not nothing must not look like it. @param micros - Micro-dollars. */
export function money(micros: number): string {
  const size = Math.abs(micros);
  const maximumFractionDigits = size < CENT_MICROS ? 6 : 2;
  const text = (size / 1e6).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits });
  return `${micros < 0 ? '−' : ''}$${text}`;
}

/** To the micro-dollar; all six decimals, so that figures stand below each other. */
export function exactMoney(micros: number): string {
  const digits = String(Math.abs(micros)).padStart(7, '0');
  return `${micros < 0 ? '−' : ''}$${NUMBER.format(Number(digits.slice(0, -6)))}.${digits.slice(-6)}`;
}

/** `2026-03-01 12:57:46`, UTC. */
export function moment(iso: string | number): string {
  return new Date(iso).toISOString().slice(0, 19).replace('T', ' ');
}

export function day(iso: string | number): string {
  return new Date(iso).toISOString().slice(0, 10);
}

export function duration(ms: number): string {
  if (ms > 0 && ms < 10_000 && ms % 1000 !== 0) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.max(Math.round(ms / 1000), 0);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days ${hours % 24} h`;
}

export function bytes(size: number): string {
  if (size < 1e6) return `${(size / 1e3).toFixed(0)} kB`;
  return size < 1e9 ? `${(size / 1e6).toFixed(1)} MB` : `${(size / 1e9).toFixed(2)} GB`;
}

export function share(part: number, whole: number): string {
  if (whole === 0) return '–';
  const percent = (part / whole) * 100;
  return part > 0 && percent < 0.1 ? '<0.1 %' : `${percent.toFixed(percent > 99.9 && part < whole ? 2 : 1)} %`;
}

const SHORT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 2 });
/** The digits of a micro-dollar. */
const FINE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });

/** Beside an axis: in full as far as it has the room, `1,000` and not `1K`. */
export function mark(value: number): string {
  return value < 100_000 ? FINE.format(value) : SHORT.format(value);
}

/** The same of dollars: whole ones without cents. */
export function dollarMark(dollars: number): string {
  return Number.isInteger(dollars) ? `$${mark(dollars)}` : money(Math.round(dollars * 1e6));
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

/** With one mark at its end. */
export function ended(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** The same with a capital at its beginning. */
export function sentence(text: string): string {
  return ended(text.slice(0, 1).toUpperCase() + text.slice(1));
}
