import type { CheckName, Problem, Verified } from '../domain/verification.ts';

/** Where the checks write down what they see. */
export type Findings = {
  readonly problem: (check: CheckName, text: string) => void;
  /** Problems that nobody has put into words. */
  readonly more: (number: number) => void;
  readonly note: (text: string) => void;
  readonly count: (what: keyof Verified, number?: number) => void;
  readonly problems: () => readonly Problem[];
  readonly moreProblems: () => number;
  readonly notes: () => readonly string[];
  readonly verified: () => Verified;
};

/** A damaged file could bring a problem for each of millions of rows; so many of one check say it all. */
const MOST_PROBLEMS = 20;

const NOTHING: Verified = {
  tasks: 0,
  changes: 0,
  sums: 0,
  segments: 0,
  losses: 0,
  gaps: 0,
  walks: 0,
  calls: 0,
  digests: 0,
};

export function createFindings(): Findings {
  const problems: Problem[] = [];
  const notes: string[] = [];
  const perCheck = new Map<CheckName, number>();
  const verified = { ...NOTHING };
  let more = 0;
  return {
    problem: (check, text) => {
      const seen = perCheck.get(check) ?? 0;
      perCheck.set(check, seen + 1);
      if (seen < MOST_PROBLEMS) problems.push({ check, text });
      else more += 1;
    },
    more: (number) => {
      more += number;
    },
    note: (text) => void notes.push(text),
    count: (what, number = 1) => {
      verified[what] += number;
    },
    problems: () => problems,
    moreProblems: () => more,
    notes: () => notes,
    verified: () => verified,
  };
}
