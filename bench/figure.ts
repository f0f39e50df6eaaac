/** One measured number beside what it should be. */
export type Figure = {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Where there is none, the figure is for information. */
  readonly target?: { readonly atMost: number } | { readonly atLeast: number };
};

export type BenchPlan = {
  /** Smaller accounts and fewer of them. */
  readonly isQuick: boolean;
  /** Whether the case of this name is to be measured. */
  readonly wants: (what: string) => boolean;
};

export function isMet({ value, target }: Figure): boolean {
  if (target === undefined) return true;
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast;
}

export function line(figure: Figure): string {
  const { what, value, unit, target } = figure;
  const wanted =
    target === undefined ? '' : 'atMost' in target ? `at most ${target.atMost}` : `at least ${target.atLeast}`;
  const verdict = target === undefined ? '' : isMet(figure) ? 'ok' : 'SHORT';
  return [what.padEnd(64), `${rounded(value)} ${unit}`.padStart(16), wanted.padStart(16), verdict].join('  ').trimEnd();
}

function rounded(value: number): string {
  return Math.abs(value) >= 1_000 ? String(Math.round(value)) : String(Number(value.toPrecision(4)));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
