import { describe, expect, it } from 'vitest';
import type { UserData } from '../../src/dataforseo/user-data.ts';
import { accountFindings, refusalFindings } from '../../src/checks/account-checks.ts';
import { DataForSeoError } from '../../src/domain/errors.ts';

const NOW = Date.UTC(2024, 4, 15, 12);
const DAY = 86_400_000;

const well: UserData = {
  balanceMicros: 12_340_000,
  spentToday: { day: '2024-05-15', timezone: 'UTC', totalMicros: 0, byApi: new Map() },
  backlinksUntil: NOW + 30 * DAY,
  skewMs: 300,
};

const found = (over: Partial<UserData>) =>
  accountFindings({ ...well, ...over }, NOW).map(({ check, verdict }) => `${check} ${verdict}`);

describe('the account', () => {
  it('that is well has its balance to the micro-dollar and the end of its subscription', () => {
    expect(accountFindings(well, NOW)).toEqual([
      { check: 'account', verdict: 'ok', found: 'DataForSEO accepts the credentials.', todo: null },
      { check: 'balance', verdict: 'ok', found: '$12.340000; Backlinks until 2024-06-14.', todo: null },
      { check: 'clock', verdict: 'ok', found: "This machine's clock is right to 0 s.", todo: null },
    ]);
  });

  it.each([
    ['no funds', { balanceMicros: 0 }, 'balance warn'],
    ['a debt', { balanceMicros: -1 }, 'balance warn'],
    ['a subscription that ends within a week', { backlinksUntil: NOW + 6.9 * DAY }, 'balance warn'],
    ['one that has ended', { backlinksUntil: NOW - DAY }, 'balance warn'],
    ['no subscription that is told', { backlinksUntil: null }, 'balance ok'],
    ['no balance that is told', { balanceMicros: null }, 'balance skipped'],
    ['a clock that is 10 s behind', { skewMs: 10_000 }, 'clock warn'],
    ['a clock that is an hour ahead', { skewMs: -3_600_000 }, 'clock warn'],
    ['a clock that is 9 s off', { skewMs: -9_999 }, 'clock ok'],
    ['no clock', { skewMs: null }, 'clock skipped'],
  ] as const)('with %s: %s', (_what, over, expected) => {
    expect(found(over)).toContain(expected);
  });
});

describe('an account that cannot be asked', () => {
  it.each([
    ['account_refused', 'fail', 'Check the password.'],
    ['unavailable', 'fail', 'Check the network'],
    ['throttled', 'warn', '6 times a minute'],
    ['rejected', 'fail', 'Check the password.'],
  ] as const)('for %s: %s, and says what to do', (code, verdict, todo) => {
    const error = new DataForSeoError(code, 'GET failed (HTTP 401)', { hint: 'Check the password.' });
    const [account, ...others] = refusalFindings(error);
    expect(account).toMatchObject({ check: 'account', verdict });
    expect(account?.found).toContain('GET failed (HTTP 401)');
    expect(account?.todo).toContain(todo);
    expect(others.map((finding) => finding.verdict)).toEqual(['skipped', 'skipped']);
  });

  it("ends with one full stop, whatever the vendor's words end with", () => {
    const message = 'DataForSEO says: See your login details here: https://app.dataforseo.com/api-access .';
    expect(refusalFindings(new DataForSeoError('account_refused', message))[0]?.found).toBe(
      'DataForSEO refuses: DataForSEO says: See your login details here: https://app.dataforseo.com/api-access.',
    );
  });

  it('for a fault of ours is no finding', () => {
    expect(() => refusalFindings(new TypeError('oops'))).toThrow('oops');
  });
});
