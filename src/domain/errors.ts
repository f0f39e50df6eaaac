/**
 * What a call can end in, by what to do next (docs/endpoint.md, "Codes").
 * - `throttled`: the budget is spent, also by others: wait out the period.
 * - `unavailable`: transient (5xx, network, timeout, cut or malformed body): retry, later by slice.
 * - `account_refused`: no call can succeed until a person acts (credentials, payment, blocked).
 * - `api_refused`: this API only (no subscription, not found).
 * - `too_old`: `datetime_from` is outside the window: step the edge in.
 * - `not_past`: `datetime_to` is not in the past on the server's clock: step the edge back.
 * - `rejected`: the call itself was wrong, a bug of ours: stop that slice, say so, go on with others.
 */
export type DataForSeoErrorCode =
  'throttled' | 'unavailable' | 'account_refused' | 'api_refused' | 'too_old' | 'not_past' | 'rejected';

export type DataForSeoErrorDetails = {
  /** DataForSEO's own code, where it gave one. */
  readonly statusCode?: number | null;
  readonly httpStatus?: number | null;
  /** What a person can do about it. */
  readonly hint?: string;
  /** How long the server asked us to wait, ms. */
  readonly retryAfterMs?: number;
  /** The journal's id of the call. */
  readonly callId?: number;
  /** The call ended in its own timeout, or its body was too large: fewer rows a page may help. */
  readonly tooLarge?: boolean;
  /** Its body was longer than we take: the server is well, and fewer rows a page will help. */
  readonly overlong?: boolean;
  readonly cause?: unknown;
};

/** Every failed call of the API. Messages hold no credential and at most 300 characters of what the server sent. */
export class DataForSeoError extends Error {
  override readonly name = 'DataForSeoError';
  readonly code: DataForSeoErrorCode;
  readonly details: DataForSeoErrorDetails;

  constructor(code: DataForSeoErrorCode, message: string, details: DataForSeoErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.details = details;
  }
}

/** What happened and what a person can do about it, in one text. */
export function withHint(error: DataForSeoError | LedgerError): string {
  const { message } = error;
  const hint = error instanceof LedgerError ? error.hint : error.details.hint;
  if (hint === undefined) return message;
  return `${/[.!?]$/.test(message) ? message : `${message}.`} ${hint}`;
}

/**
 * Why a ledger cannot be used. `held`: another process has it · `newer_schema`, `not_a_ledger`, `other_account`: refused
 * untouched · `shared_disk`: the file lies on a network file system · `mounted_alone`: what lies beside the file lies on another disk · `unreadable`, `unwritable`: nothing can be read or saved now (disk full, read-only, I/O) · `broken`: the file is damaged or a migration failed · `missing`: no file.
 */
export type LedgerErrorCode =
  | 'held'
  | 'newer_schema'
  | 'older_schema'
  | 'not_a_ledger'
  | 'other_account'
  | 'shared_disk'
  | 'mounted_alone'
  | 'unreadable'
  | 'unwritable'
  | 'broken'
  | 'missing';

export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly code: LedgerErrorCode;
  readonly hint: string | undefined;

  constructor(
    code: LedgerErrorCode,
    message: string,
    options: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/** Settings that cannot be used. Every problem is listed, each one a sentence that names the setting. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
