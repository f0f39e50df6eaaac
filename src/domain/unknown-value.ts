/** What an answer was narrowed to and no task of the ledger has: then there is nothing to find, at any time. */
export type UnknownValue = {
  readonly name: 'api' | 'endpoint' | 'tag' | 'state';
  readonly value: string;
  /** The few that come near; where none does and there are few at all, these. Texts of others. */
  readonly near: readonly string[];
};
