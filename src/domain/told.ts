type InstantKey = `${string}At` | 'since' | 'until';

/** A line as the API tells it: its instants are ISO 8601 in UTC instead of epoch ms. */
export type Told<Line> = {
  readonly [Key in keyof Line]: Key extends InstantKey ? string | Extract<Line[Key], null> : Line[Key];
};
