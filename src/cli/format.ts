export { bytes, count, counted, duration, instant, wholePercent } from '../domain/wording.ts';

/** Columns as wide as they need to be; what looks like a number stands at the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines.map((line) =>
    line
      .map((cell, column) => align(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function align(cell: string, width: number): string {
  return /^[\d,.]+$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
}
