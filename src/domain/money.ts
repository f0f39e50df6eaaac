/** Micro-dollars as dollars with all six decimals, exact: `12.340000`, `-0.000001`. @param micros - A whole number. */
export function dollars(micros: number): string {
  const digits = String(Math.abs(micros)).padStart(7, '0');
  return `${micros < 0 ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
