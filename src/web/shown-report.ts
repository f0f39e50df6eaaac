import type { Totals } from '../domain/report.ts';
import type { UnknownValue } from '../domain/unknown-value.ts';

/** What is asked, by the names of the API. */
export type Query = Readonly<Record<string, string>>;

export type Shown = {
  readonly title: string;
  readonly note: string;
  readonly body: Node;
  readonly unknown: readonly UnknownValue[];
  /** False: the ledger lacks some of the time that was asked about, so there may be more. */
  readonly complete: boolean;
  /** Tasks that may have the tag that was asked for: theirs is lost, not read yet or never listed. */
  readonly unknownTag: Totals | null;
};
/** What every answer has. */
export type Answered = Pick<Shown, 'unknown' | 'complete' | 'unknownTag'>;
/** Where it is a list of its own: whether it is longer than what is told. */
export type Listed = Answered & { readonly more: boolean };
