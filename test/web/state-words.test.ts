import { describe, expect, it } from 'vitest';
import { readWords, stateWords, unheardWords } from '../../src/web/state-words.ts';

const AT = '2026-11-27T20:33:20Z';
const SOON = '2026-11-27T20:34:07Z';
const DENIED =
  'Access denied. Activate the subscription of this API at https://app.dataforseo.com, or take it out of LEDGER_APIS.';
const calling = (api: string, codes = 'HTTP 200, 40204') => `POST /v3/${api}/id_list failed (${codes}): `;
const refusal = (reason: string) => ({ since: AT, until: SOON, code: '40204', reason });

type Told = Parameters<typeof stateWords>[0];
const parked = (over: Partial<Told>): Told => ({
  state: 'parked',
  reason: '',
  until: null,
  at: AT,
  refused: {},
  ...over,
});

describe('what the page says of the state', () => {
  it('is the state, the reason as a sentence, and until when', () => {
    const idle = { state: 'idle', reason: 'everything is read', until: SOON, at: AT, refused: {} } as const;
    expect(stateWords(idle)).toEqual({
      name: 'Up to date',
      reason: 'Everything is read.',
      side: 'until 2026-11-27 20:34:07 (47 s)',
    });
  });

  it('of one that is parked is what to do, without the address of the call, and when it asks again', () => {
    const reason = `${calling('backlinks', 'HTTP 402, 40200')}Payment Required. Add funds at https://app.dataforseo.com.`;
    expect(stateWords(parked({ reason, until: SOON }))).toEqual({
      name: 'Parked: somebody must act',
      reason: 'Refused (HTTP 402, 40200): Payment Required. Add funds at https://app.dataforseo.com.',
      side: 'asked again at 2026-11-27 20:34:07, in 47 s',
    });
    expect(stateWords(parked({ until: AT })).side).toBe('asked again now');
    expect(stateWords(parked({})).side).toBe('');
  });

  it('tells a reason once that several APIs are refused for', () => {
    const apis = ['backlinks', 'serp', 'keywords_data'];
    const reason = apis.map((api) => `${api} is refused: ${calling(api)}${DENIED}`).join(' ');
    const refused = Object.fromEntries(apis.map((api) => [api, refusal(`${calling(api)}${DENIED}`)]));
    expect(stateWords(parked({ reason, refused })).reason).toBe(
      `backlinks, serp and keywords_data are refused (HTTP 200, 40204): ${DENIED}`,
    );
  });

  it('tells what else it does where only one of the APIs is refused, and each reason where they differ', () => {
    const [serp, merchant] = [`${calling('serp')}${DENIED}`, `${calling('merchant', 'HTTP 404, 40400')}Not Found`];
    const refused = { serp: refusal(serp), merchant: refusal(merchant) };
    const reason = `reads what the ledger does not hold yet; serp is refused: ${serp} merchant is refused: ${merchant}`;
    expect(stateWords({ ...parked({ reason, refused }), state: 'harvesting' }).reason).toBe(
      `Reads what the ledger does not hold yet. serp is refused (HTTP 200, 40204): ${DENIED} merchant is refused (HTTP 404, 40400): Not Found.`,
    );
  });

  it('is the reason as it is where what is refused has changed since', () => {
    const reason = 'serp is refused: something older';
    expect(stateWords(parked({ reason, refused: { serp: refusal('something newer.') } })).reason).toBe(
      'Serp is refused: something older.',
    );
  });
});

describe('once nothing is heard of the daemon', () => {
  it('the page says since when, and that all of it is of then', () => {
    expect(unheardWords({ kind: 'status', snapshot: { state: 'idle', at: AT } })).toEqual({
      name: 'Not connected',
      reason:
        'Nothing was heard of the daemon since 2026-11-27 20:33:20 UTC. All of this page is as it was then: up to date.',
      side: '',
    });
    expect(unheardWords({ kind: 'status', snapshot: { state: 'parked', at: AT } }).reason).toMatch(
      /as it was then: parked\.$/,
    );
  });

  it('the page claims no time of which it does not know', () => {
    expect(unheardWords(null).reason).toBe('The daemon has not answered yet.');
    expect(unheardWords({ kind: 'trouble', reason: 'There is no ledger yet' }).reason).toBe(
      'Nothing more is heard of the daemon. What it said last: There is no ledger yet.',
    );
  });
});

describe('how new the ledger is', () => {
  const tail = (readUpTo: string | null) => ({ readUpTo, readAt: null, newestTask: null, behindSeconds: null });

  it('is told by the API that was read longest ago', () => {
    expect(readWords({ at: AT, tail: { backlinks: tail('2026-11-27T20:28:50Z') } })).toBe(
      'New tasks are read up to 2026-11-27 20:28:50 UTC, 5 min ago.',
    );
    const two = { backlinks: tail('2026-11-27T20:33:00Z'), serp: tail('2026-11-27T19:33:20Z'), merchant: tail(null) };
    expect(readWords({ at: AT, tail: two })).toBe(
      'New tasks of serp are read up to 2026-11-27 19:33:20 UTC, 60 min ago.',
    );
    expect(readWords({ at: AT, tail: { backlinks: tail(null) } })).toBe('');
  });
});
