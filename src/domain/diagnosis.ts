/**
 * `note`: nothing is wrong, but something that others have is not there. `skipped`: it could not be looked at, for a reason that
 * `found` tells.
 */
export type Verdict = 'ok' | 'note' | 'warn' | 'fail' | 'skipped';

/** One thing that was looked at. Texts are for people and hold no secret. */
export type Finding = {
  readonly check: Check;
  readonly verdict: Verdict;
  readonly found: string;
  /** What to do; null where nothing need be done. */
  readonly todo: string | null;
};

export type Check =
  | 'settings'
  | 'versions'
  | 'folder'
  | 'file system'
  | 'ledger'
  | 'file'
  | 'lock'
  | 'wal'
  | 'disk'
  | 'doubts'
  | 'account'
  | 'balance'
  | 'clock'
  | 'page'
  | 'token'
  | 'alerts'
  | 'heartbeat';

/** What is well and what is not: `doctor --json` to the letter. */
export type Diagnosis = {
  /** Nothing fails; there may be warnings. */
  readonly ok: boolean;
  /** DataForSEO refuses the account: a person must act. */
  readonly refused: boolean;
  /** ISO 8601 in UTC, by this machine's clock. */
  readonly at: string;
  readonly version: string;
  readonly findings: readonly Finding[];
};

export function ok(check: Check, found: string): Finding {
  return { check, verdict: 'ok', found, todo: null };
}

export function note(check: Check, found: string): Finding {
  return { check, verdict: 'note', found, todo: null };
}

export function warn(check: Check, found: string, todo: string): Finding {
  return { check, verdict: 'warn', found, todo };
}

export function fail(check: Check, found: string, todo: string): Finding {
  return { check, verdict: 'fail', found, todo };
}

export function skipped(check: Check, found: string): Finding {
  return { check, verdict: 'skipped', found, todo: null };
}
