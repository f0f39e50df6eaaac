import type { LedgerErrorCode } from '../../domain/errors.ts';
import type { Word } from '../../domain/vitals.ts';
import type { LedgerQuestion } from '../question.ts';
import type { ReaderTerms } from './answer.ts';

/** What travels between the server and the threads that read. */
export type Asked = {
  readonly id: number;
  readonly terms: ReaderTerms;
  readonly said: Word | null;
  readonly question: LedgerQuestion;
};
export type Replied =
  | {
      readonly id: number;
      readonly kind: 'answer';
      /** JSON; null: there is no such task. */ readonly body: string | null;
    }
  | {
      readonly id: number;
      readonly kind: 'ledger';
      readonly code: LedgerErrorCode;
      readonly message: string;
      readonly hint: string | null;
    }
  | { readonly id: number; readonly kind: 'outdated'; readonly message: string }
  | { readonly id: number; readonly kind: 'fault'; readonly message: string };
