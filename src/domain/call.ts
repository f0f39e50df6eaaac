import type { TimeRange } from './time-range.ts';
import type { Grade, PageRow } from './task.ts';

/** Why a call was made; it decides who goes first when tokens are short. */
export type CallPurpose = 'tail' | 'backfill' | 'isolate' | 'recount' | 'settle' | 'chase' | 'verify';

/** A question for one page of `POST /v3/{api}/id_list`. */
export type PageQuestion = {
  /** The walk that this page belongs to, by its id in the ledger; the journal carries it so that evidence can name its calls. */
  readonly walkId: number;
  readonly api: string;
  readonly purpose: CallPurpose;
  /** One second is added on both sides on the wire, so that inclusive and exclusive bounds are both right (I5). */
  readonly range: TimeRange;
  readonly grade: Grade;
  /** Rows to skip, 0 … 100 000 000. */
  readonly offset: number;
  /** Rows asked for, 1 … 1000. */
  readonly limit: number;
};

/** What the journal knows of a call before it leaves. */
export type CallStart = PageQuestion & {
  /** Wall clock of this machine, epoch ms. */
  readonly sentAt: number;
  readonly sentMono: number;
  readonly boot: string;
  /** Of the budget that it is paid from. */
  readonly periodMs: number;
  /** Best guess of server clock minus wall clock, ms. */
  readonly skewMs: number;
};

/** How a call ended. `code` is DataForSEO's own (task level before envelope level), or a word of ours where it gave none. */
export type CallEnd = {
  readonly answeredAt: number;
  /** Monotonic instant at which the call's token comes back (I2); on the clock of the start's boot. */
  readonly tokenBackMono: number;
  readonly httpStatus: number | null;
  readonly code:
    number | 'network' | 'timeout' | 'aborted' | 'cut' | 'not_json' | 'wrong_shape' | 'http_status' | 'lost' | null;
  readonly message: string | null;
  readonly rows: number | null;
  /** The answer said that the budget was spent (40202, HTTP 429): others use this account too. */
  readonly throttled: boolean;
  readonly skewMs: number;
};

/** Where calls are written down. `begin` must be durable before it returns: a call that is not in the journal is never sent. */
export type Journal = {
  readonly begin: (start: CallStart) => number;
  /** For a call that brought no page. The end of a call that did is saved with its page, in one transaction (I1). */
  readonly end: (callId: number, end: CallEnd) => void;
  /** How many calls have begun: the id of the newest, 0 for none. */
  readonly newestCall: () => number;
};

/** A page, parsed, with what has to be saved of its call. */
export type PageAnswer = {
  readonly callId: number;
  readonly end: CallEnd;
  /** In the server's order; at most the limit that was asked. */
  readonly rows: readonly PageRow[];
  /** The server's own count of this page; null when it gave none. */
  readonly resultCount: number | null;
  /** False when the echoed `data` contradicts what was asked; true also where nothing was echoed. */
  readonly echoMatches: boolean;
  /** The `Date` of the answer, epoch ms; null when there was none. */
  readonly serverDate: number | null;
};
