import { expect, it } from 'vitest';
import { begunLedger, endOf, NOW, sliceOf, startOf } from '../support/ledger.ts';

const GOOD = {};
const UNPAID = { httpStatus: 402, code: 40_200 } as const;
const NOT_SUBSCRIBED = { httpStatus: 200, code: 40_204 } as const;
const FIREWALL = { httpStatus: 403, code: 'not_json' } as const;
const DOWN = { httpStatus: null, code: 'network' } as const;
const FAILS = { httpStatus: 500, code: 50_000 } as const;
const ODD = { httpStatus: 200, code: 'wrong_shape' } as const;

it('the newest word of DataForSEO is its newest good answer or refusal, whatever failed since and whatever the clocks said', () => {
  const { ledger } = begunLedger();
  const walk = ledger.beginWalk(sliceOf(NOW - 60_000, NOW), NOW);
  let calls = 0;
  const call = (end: Parameters<typeof endOf>[0]) => {
    calls += 1;
    // Each a day before the one before it.
    const answeredAt = NOW - calls * 86_400_000;
    ledger.journal.end(ledger.journal.begin(startOf(walk)), endOf({ ...end, answeredAt }));
    return ledger.alerts.isAnswered();
  };
  expect(ledger.alerts.isAnswered()).toBe(false);
  expect([DOWN, FAILS, GOOD, DOWN, FAILS, ODD].map(call)).toEqual([false, false, true, true, true, true]);
  for (const refusal of [UNPAID, NOT_SUBSCRIBED, FIREWALL])
    expect([refusal, DOWN, FAILS, ODD, GOOD].map(call)).toEqual([false, false, false, false, true]);
});
