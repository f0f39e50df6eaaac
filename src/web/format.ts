const NUMBER = new Intl.NumberFormat('en-US');
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

export const DAY_MS = 86_400_000;

export function count(number: number): string {
  return NUMBER.format(number);
}

export function compact(number: number): string {
  return number < 100_000 ? NUMBER.format(number) : COMPACT.format(number);
}

export function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** To the cent. @param micros - Micro-dollars. */
export function money(micros: number): string {
  return `${micros < 0 ? '−' : ''}$${(Math.abs(micros) / 1e6).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
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
