import type { DoubtLine } from './report.ts';

type InstantKey = `${string}At` | 'until';

/** A line as the API tells it: its instants are ISO 8601 in UTC instead of epoch ms. */
export type Told<Line> = {
  readonly [Key in keyof Line]: Key extends InstantKey ? string | Extract<Line[Key], null> : Line[Key];
};

/** A doubt likewise; it may be about no time. */
export type ToldDoubt = Omit<DoubtLine, 'seenAt' | 'since' | 'until'> & {
  readonly seenAt: string;
  readonly since: string | null;
  readonly until: string | null;
};
