import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerCodes } from '../../src/domain/codes.ts';
import { CODES, classifyAnswer, classifyStatus, decidingCode } from '../../src/domain/codes.ts';

const fine: AnswerCodes = { httpStatus: 200, envelopeCode: 20_000, taskCode: 20_000, message: 'Ok.' };

/** docs/endpoint.md, "Codes, by what to do", to the letter. */
const TABLE = {
  throttled: [40_202],
  unavailable: [40_209, 50_000, 50_001, 50_301, 50_303, 50_304, 50_401],
  account_refused: [40_100, 40_104, 40_200, 40_201, 40_207, 40_210],
  api_refused: [40_204, 40_400, 40_402],
  rejected: [40_000, 40_006, 40_501, 40_502, 40_503, 40_506, 50_100],
};

describe('a code', () => {
  const entries = Object.entries(TABLE).flatMap(([outcome, codes]) => codes.map((code) => [code, outcome] as const));

  it.each(entries)('%i means %s, whether the call or the task says so', (code, outcome) => {
    expect(classifyAnswer({ ...fine, taskCode: code })).toMatchObject({ outcome });
    expect(classifyAnswer({ ...fine, envelopeCode: code, taskCode: null })).toMatchObject({ outcome });
    expect(classifyAnswer({ ...fine, envelopeCode: code, taskCode: 20_000 })).toMatchObject({ outcome });
  });

  it('has a hint wherever a person must act, and nowhere else', () => {
    for (const [code, refusal] of CODES) {
      const mustAct = ['account_refused', 'api_refused', 'rejected'].includes(refusal.outcome);
      expect([code, refusal.hint !== undefined]).toEqual([code, mustAct]);
    }
  });

  it('is in the table of docs/endpoint.md, or in none', () => {
    expect([...CODES.keys()].sort()).toEqual(Object.values(TABLE).flat().sort());
  });

  it('20000 on both levels is fine, and so is one level that says nothing', () => {
    expect(classifyAnswer(fine)).toEqual({ outcome: 'ok' });
    expect(classifyAnswer({ ...fine, taskCode: null })).toEqual({ outcome: 'ok' });
    expect(classifyAnswer({ ...fine, envelopeCode: null })).toEqual({ outcome: 'ok' });
  });

  it('of the task goes before that of the call', () => {
    expect(decidingCode({ envelopeCode: 50_000, taskCode: 40_202 })).toBe(40_202);
    expect(decidingCode({ envelopeCode: 50_000, taskCode: 20_000 })).toBe(50_000);
    expect(decidingCode({ envelopeCode: null, taskCode: null })).toBeNull();
  });

  it.each([
    ['Invalid Field: datetime_from.', 'too_old'],
    ['Invalid Field: datetime_to - must be earlier than present date', 'not_past'],
    ["Invalid Field: 'datetime_from' must be earlier than 'datetime_to'", 'too_old'],
    ['INVALID FIELD: DATETIME_TO', 'not_past'],
    ['Invalid Field: limit.', 'rejected'],
    ['', 'rejected'],
    [null, 'rejected'],
  ])('40501 with the message %j means %s', (message, outcome) => {
    expect(classifyAnswer({ ...fine, taskCode: 40_501, message })).toMatchObject({ outcome });
  });

  it('that nobody knows is transient where it begins with 5, else it needs a person', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 99_999 }), (code) => {
        fc.pre(!CODES.has(code) && code !== 20_000);
        const { outcome } = classifyAnswer({ ...fine, taskCode: code });
        expect(outcome).toBe(code >= 50_000 && code <= 59_999 ? 'unavailable' : 'rejected');
      }),
    );
  });

  it('50401 asks for smaller pages', () => {
    expect(classifyAnswer({ ...fine, taskCode: 50_401 })).toMatchObject({ tooLarge: true });
    expect(classifyAnswer({ ...fine, taskCode: 50_000 })).toMatchObject({ tooLarge: false });
  });
});

describe('an HTTP status', () => {
  it.each([
    [200, 'unavailable'],
    [302, 'account_refused'],
    [400, 'rejected'],
    [401, 'account_refused'],
    [402, 'account_refused'],
    [403, 'account_refused'],
    [404, 'api_refused'],
    [408, 'unavailable'],
    [429, 'throttled'],
    [500, 'unavailable'],
    [503, 'unavailable'],
    [504, 'unavailable'],
    [599, 'unavailable'],
  ])('%i without any code means %s', (httpStatus, outcome) => {
    expect(classifyAnswer({ httpStatus, envelopeCode: null, taskCode: null, message: null })).toMatchObject({
      outcome,
    });
  });

  it('of a failure is not outdone by a code that says all is well', () => {
    expect(classifyAnswer({ ...fine, httpStatus: 500 })).toMatchObject({ outcome: 'unavailable' });
    expect(classifyAnswer({ ...fine, httpStatus: 302 })).toMatchObject({ outcome: 'account_refused' });
  });

  it('429 is a throttle whatever its body says', () => {
    expect(classifyAnswer({ ...fine, httpStatus: 429, taskCode: 40_501 })).toMatchObject({ outcome: 'throttled' });
  });

  it('says less than a code that is known, and more than one that is not', () => {
    expect(classifyAnswer({ ...fine, httpStatus: 500, envelopeCode: 40_200 })).toMatchObject({
      outcome: 'account_refused',
    });
    expect(classifyAnswer({ ...fine, httpStatus: 500, envelopeCode: 41_234 })).toMatchObject({
      outcome: 'unavailable',
    });
  });
});

describe('the status of a task', () => {
  it.each([
    ['20000', 'finished', 20_000],
    [20_000, 'finished', 20_000],
    [' 20000 ', 'finished', 20_000],
    ['ok', 'finished', 20_000],
    ['Ok.', 'finished', 20_000],
    ['40601', 'pending', 40_601],
    [40_602, 'pending', 40_602],
    [20_100, 'pending', 20_100],
    ['Task Created.', 'pending', 20_100],
    ['Task Handed.', 'pending', 40_601],
    ['Task in Queue.', 'pending', 40_602],
    ['task  in queue', 'pending', 40_602],
    ['40102', 'empty', 40_102],
    ['No Search Results.', 'empty', 40_102],
    ['40106', 'partial', 40_106],
    ['40501', 'failed', 40_501],
    [50_000, 'failed', 50_000],
  ] as const)('%j means %s', (status, state, statusCode) => {
    for (const isDone of [true, false]) expect(classifyStatus(status, isDone)).toEqual({ state, statusCode });
  });

  it('that is no code is finished when the task is done, else pending', () => {
    const noCode = fc.oneof(
      fc.constant(null),
      fc.constantFrom('', 'on its way', '2000', '200000', '20000.5', '-20000', '0', 'NaN', '020000'),
      fc.integer({ min: -9_999, max: 9_999 }),
      fc.double(),
      fc.string({ unit: 'grapheme' }).filter((text) => !/\d{5}/.test(text) && !/ok|task|result/i.test(text)),
    );
    fc.assert(
      fc.property(
        noCode.filter((status) => !/^[1-9]\d{4}$/.test(String(status))),
        fc.boolean(),
        (status, isDone) => {
          expect(classifyStatus(status, isDone)).toEqual({ state: isDone ? 'finished' : 'pending', statusCode: null });
        },
      ),
    );
  });

  it('that is a code means the same as text and as number, done or not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 99_999 }), fc.boolean(), (code, isDone) => {
        const outcome = classifyStatus(code, isDone);
        expect(outcome).toEqual(classifyStatus(String(code), !isDone));
        expect(outcome.statusCode).toBe(code);
        const known = [20_000, 20_100, 40_102, 40_106, 40_601, 40_602];
        expect(outcome.state === 'failed').toBe(!known.includes(code));
      }),
    );
  });
});
