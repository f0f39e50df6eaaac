import type { UserData } from '../dataforseo/user-data.ts';
import { fail, ok, skipped, warn, type Finding } from '../domain/diagnosis.ts';
import { DataForSeoError } from '../domain/errors.ts';
import { dollars } from '../domain/money.ts';
import { asSentence, duration } from '../domain/wording.ts';

const DAY_MS = 86_400_000;
/** Time to pay or to decide. */
const SOON_MS = 7 * DAY_MS;
/** The ledger goes by the server's clock, so a few seconds matter to nobody but the reader of its log. */
const SKEW_MATTERS_MS = 10_000;

/** What the vendor's own account of the customer shows: credentials, balance, clock. @param now - Epoch ms of this machine's clock. */
export function accountFindings(account: UserData, now: number): Finding[] {
  return [ok('account', 'DataForSEO accepts the credentials.'), balance(account, now), clock(account.skewMs)];
}

/** Of a call that failed. What the error says is fit to be shown. */
export function refusalFindings(error: unknown): Finding[] {
  return [
    refusal(error),
    skipped('balance', 'Unknown, as the account could not be asked.'),
    skipped('clock', 'Unknown, as the account could not be asked.'),
  ];
}

function refusal(error: unknown): Finding {
  if (!(error instanceof DataForSeoError)) throw error;
  const { code, message, details } = error;
  switch (code) {
    case 'throttled':
      return warn(
        'account',
        asSentence(`Not answered: ${message}`),
        'This may be asked 6 times a minute: try again in a minute.',
      );
    case 'unavailable':
      return fail(
        'account',
        asSentence(`DataForSEO cannot be reached or fails: ${message}`),
        'Check the network of this machine, a proxy or firewall, and DATAFORSEO_URL; what is held already can be used meanwhile.',
      );
    case 'account_refused':
    case 'api_refused':
    case 'too_old':
    case 'not_past':
    case 'rejected':
      return fail(
        'account',
        asSentence(`DataForSEO refuses: ${message}`),
        details.hint ?? 'Sign in at https://app.dataforseo.com.',
      );
  }
}

function balance({ balanceMicros, backlinksUntil }: UserData, now: number): Finding {
  const subscription = backlinksUntil === null ? '' : `; Backlinks until ${dayOf(backlinksUntil)}`;
  if (balanceMicros === null) return skipped('balance', `The answer tells none${subscription}.`);
  const found = `$${dollars(balanceMicros)}${subscription}.`;
  if (balanceMicros <= 0)
    return warn(
      'balance',
      found,
      'Add funds at https://app.dataforseo.com: without, tasks are refused, later also calls.',
    );
  if (backlinksUntil !== null && backlinksUntil - now < SOON_MS)
    return warn(
      'balance',
      found,
      'Renew the subscription of Backlinks, or its id_list may be refused and what is unread then is lost.',
    );
  return ok('balance', found);
}

function clock(skewMs: number | null): Finding {
  if (skewMs === null) return skipped('clock', 'The answer has no Date.');
  const by = duration(Math.round(Math.abs(skewMs) / 1000));
  if (Math.abs(skewMs) < SKEW_MATTERS_MS) return ok('clock', `This machine's clock is right to ${by}.`);
  return warn(
    'clock',
    `This machine's clock is ${by} ${skewMs > 0 ? 'behind' : 'ahead of'} that of DataForSEO.`,
    'Set it, e.g. by NTP. The ledger goes by the clock of DataForSEO, but logs and other programs do not.',
  );
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
