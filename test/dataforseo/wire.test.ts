import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PageQuestion } from '../../src/domain/call.ts';
import type { ListedTask, PageRow } from '../../src/domain/task.ts';
import { readAnswer, readAnswerWith, writeQuestion } from '../../src/dataforseo/wire.ts';
import { page, question, refusedCall, refusedTask, row } from './answers.ts';

const read = (answer: unknown, asked: PageQuestion = question) => readAnswer(JSON.stringify(answer), asked);

function rowsOf(...rows: unknown[]): readonly PageRow[] {
  const answer = read(page(rows));
  if (answer.page === null) throw new Error('this is no page');
  return answer.page.rows;
}

function taskOf(over: Readonly<Record<string, unknown>>): ListedTask {
  const [first] = rowsOf(row(over));
  if (first?.kind !== 'task') throw new Error('the row is no task', { cause: first });
  return first.task;
}

describe('a question', () => {
  it('asks for metadata only where the slice is of that grade, and never holds another field', () => {
    expect(JSON.parse(writeQuestion({ ...question, grade: 'ids', offset: 999, limit: 500 }))).toEqual([
      {
        datetime_from: '2024-04-30 23:59:59 +00:00',
        datetime_to: '2024-05-02 00:00:01 +00:00',
        limit: 500,
        offset: 999,
        sort: 'asc',
      },
    ]);
    expect(JSON.parse(writeQuestion(question))).toEqual([expect.objectContaining({ include_metadata: true })]);
  });
});

describe('a row', () => {
  it('of the vendor is read whole', () => {
    expect(taskOf({})).toEqual({
      id: '01262030-4426-0139-0000-50c0b9a6c886',
      url: 'v3/serp/google/organic/live/advanced',
      endpoint: 'serp/google/organic/live/advanced',
      postedAt: Date.UTC(2023, 0, 26, 18, 31, 1),
      postedText: '2023-01-26 18:31:01 +00:00',
      doneAt: Date.UTC(2023, 0, 26, 18, 31, 2),
      doneText: '2023-01-26 18:31:02 +00:00',
      status: '20000',
      statusCode: 20000,
      state: 'finished',
      costMicros: 20_000,
      metadata: '{"api":"serp","function":"live","keyword":"rank checker","tag":"customer-7","target":"example.com"}',
      tag: 'customer-7',
      target: 'example.com',
      extra: null,
    });
  });

  it.each([
    ['v3/backlinks/summary/live'],
    ['/v3/backlinks/summary/live'],
    ['https://api.dataforseo.com/v3/backlinks/summary/live'],
    ['HTTP://host:8080//v3/backlinks/summary/live/?a=/b#c'],
    ['backlinks/summary/live'],
  ])('with the url %s has the endpoint backlinks/summary/live', (url) => {
    expect(taskOf({ url })).toMatchObject({ url, endpoint: 'backlinks/summary/live' });
  });

  it('keeps an endpoint that only looks like the version', () => {
    expect(taskOf({ url: 'v3x/live' }).endpoint).toBe('v3x/live');
    expect(taskOf({ url: 'v3' }).endpoint).toBe('');
    expect(taskOf({ url: null })).toMatchObject({ url: null, endpoint: '' });
  });

  it('needs only an id and a posted time', () => {
    expect(rowsOf({ id: 'x', datetime_posted: '2023-01-26 18:31:01 +00:00' })).toEqual([
      {
        kind: 'task',
        task: {
          id: 'x',
          url: null,
          endpoint: '',
          postedAt: Date.UTC(2023, 0, 26, 18, 31, 1),
          postedText: '2023-01-26 18:31:01 +00:00',
          doneAt: null,
          doneText: null,
          status: null,
          statusCode: null,
          state: 'pending',
          costMicros: null,
          metadata: null,
          tag: null,
          target: null,
          extra: null,
        },
      },
    ]);
  });

  it.each([
    [null, null, 'not an object'],
    ['text', null, 'not an object'],
    [[1], null, 'not an object'],
    [row({ id: null }), null, 'no id'],
    [row({ id: '' }), null, 'no id'],
    [row({ id: 17 }), null, 'no id'],
    [row({ id: 'a', datetime_posted: null }), 'a', 'no datetime_posted'],
    [row({ id: 'a', datetime_posted: '' }), 'a', 'no datetime_posted'],
    [row({ id: 'a', datetime_posted: '2023-02-30 00:00:00 +00:00' }), 'a', 'datetime_posted is no time'],
    [row({ id: 'a', datetime_posted: 'yesterday' }), 'a', 'datetime_posted is no time'],
  ])('like %j is kept raw, beside its good neighbours', (raw, id, reason) => {
    const [kept, good] = rowsOf(raw, row());
    expect(kept).toEqual({
      kind: 'quarantined',
      id,
      raw: JSON.stringify(raw),
      reason: expect.stringContaining(reason) as string,
    });
    expect(good?.kind).toBe('task');
  });

  it.each([
    ['2023-01-26 20:31:01 +02:00', Date.UTC(2023, 0, 26, 18, 31, 1)],
    ['2023-01-26 00:00:00 -05:30', Date.UTC(2023, 0, 26, 5, 30)],
    ['2024-02-29 23:59:59 +00:00', Date.UTC(2024, 1, 29, 23, 59, 59)],
  ])('was posted at %s', (datetime_posted, postedAt) => {
    expect(taskOf({ datetime_posted })).toMatchObject({ postedAt, postedText: datetime_posted });
  });

  it.each([
    '2023-02-29 00:00:00 +00:00',
    '2023-13-01 00:00:00 +00:00',
    '2023-00-10 00:00:00 +00:00',
    '2023-01-01 24:00:00 +00:00',
    '2023-01-01 00:60:00 +00:00',
    '2023-01-01 00:00:60 +00:00',
    '2023-01-01 00:00:00 +00:60',
    '2023-01-01 00:00:00 +24:00',
    '2023-01-01 00:00:00',
    '2023-01-01T00:00:00Z',
    ' 2023-01-01 00:00:00 +00:00',
    '0099-01-01 00:00:00 +00:00',
  ])('keeps a time of completion that is none as text: %s', (datetime_done) => {
    expect(taskOf({ datetime_done })).toMatchObject({ doneAt: null, doneText: datetime_done });
  });

  it.each([null, undefined, ''])('is not done where datetime_done is %j', (datetime_done) => {
    expect(taskOf({ datetime_done, status: 'whatever' })).toMatchObject({
      doneAt: null,
      doneText: null,
      state: 'pending',
    });
  });

  it('reads any time that it could have written', () => {
    const whole = fc.integer({ min: 0, max: 4_102_444_799 }).map((seconds) => seconds * 1000);
    fc.assert(
      fc.property(whole, (at) => {
        const text = `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} +00:00`;
        expect(taskOf({ datetime_posted: text }).postedAt).toBe(at);
      }),
    );
  });

  it.each([
    [20000, '20000', 20000],
    ['Ok.', 'Ok.', 20000],
    ['something new', 'something new', null],
  ])('with the status %j says so', (status, text, statusCode) => {
    expect(taskOf({ status })).toMatchObject({ status: text, statusCode, state: 'finished' });
  });

  it.each([
    ['0.020000000000000004', 20_000],
    ['0.0000005', 1],
    ['-0.25', -250_000],
    ['-0.0000001', 0],
    ['"0.05"', 50_000],
    ['0', 0],
    ['9007199254', 9_007_199_254_000_000],
  ])('that costs %s costs %i micro-dollars', (cost, micros) => {
    const text = JSON.stringify(page([row({ cost: 'COST' })])).replace('"COST"', cost);
    const [first] = readAnswer(text, question).page!.rows;
    expect(first).toMatchObject({ kind: 'task', task: { costMicros: micros, extra: null } });
    if (first?.kind === 'task') expect(Object.is(first.task.costMicros, -0)).toBe(false);
  });

  it.each([
    ['1e300', '{"cost":1e+300}'],
    ['1e999', '{"cost":"Infinity"}'],
    ['-1e999', '{"cost":"-Infinity"}'],
    ['"free"', '{"cost":"free"}'],
    ['{"usd":1}', '{"cost":{"usd":1}}'],
    ['9007199255', '{"cost":9007199255}'],
    ['12345678901234567890', '{"cost":12345678901234567890}'],
  ])('whose cost is %s has none, and keeps what was received', (cost, extra) => {
    const text = JSON.stringify(page([row({ cost: 'COST' })])).replace('"COST"', cost);
    expect(readAnswer(text, question).page!.rows[0]).toMatchObject({ task: { costMicros: null, extra } });
  });

  it('keeps fields that we do not know, and known ones of a strange type', () => {
    const text = JSON.stringify(page([row({ url: 5, new: { a: [1] }, none: null })])).replace(
      '"new"',
      '"__proto__":1,"new"',
    );
    expect(readAnswer(text, question).page!.rows[0]).toMatchObject({
      task: { url: null, extra: '{"url":5,"__proto__":1,"new":{"a":[1]},"none":null}' },
    });
  });

  it.each([
    [{ tag: 'a', target: 'b' }, 'a', 'b'],
    [{ tag: 7, target: 1.5 }, '7', '1.5'],
    [{ tag: '', target: null }, '', null],
    [{ tag: ['a'], target: { b: 1 } }, null, null],
    [{ tag: true }, null, null],
    [[{ tag: 'a' }], null, null],
    ['tag', null, null],
    [0, null, null],
    [{}, null, null],
  ])('with the metadata %j has the tag %j and the target %j', (metadata, tag, target) => {
    expect(taskOf({ metadata })).toMatchObject({ metadata: JSON.stringify(metadata), tag, target });
  });

  it('keeps whole numbers in its metadata that no double holds', () => {
    const text = JSON.stringify(page([row({ metadata: { tag: 'TAG' } })])).replace('"TAG"', '12345678901234567890');
    expect(readAnswer(text, question).page!.rows[0]).toMatchObject({
      task: { metadata: '{"tag":12345678901234567890}', tag: '12345678901234567890', costMicros: 20_000 },
    });
  });

  it('can be stored as text whatever its texts hold: nothing is lost, and two texts stay two', () => {
    const nasty = 'a\u0000b\ud800c\udc00\ud83d\ude00';
    expect(
      taskOf({ id: nasty, url: nasty, status: nasty, datetime_done: nasty, metadata: { tag: nasty } }),
    ).toMatchObject({
      id: 'a\\u0000b\\ud800c\\udc00\u{1f600}',
      url: 'a\\u0000b\\ud800c\\udc00\u{1f600}',
      status: 'a\\u0000b\\ud800c\\udc00\u{1f600}',
      doneText: 'a\\u0000b\\ud800c\\udc00\u{1f600}',
      tag: 'a\\u0000b\\ud800c\\udc00\u{1f600}',
      metadata: '{"tag":"a\\u0000b\\ud800c\\udc00\u{1f600}"}',
    });
  });

  it('of any JSON at all is read without an error into text that can be stored', () => {
    const anything = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }));
    const anyRow = fc.oneof(
      anything,
      fc.record(
        Object.fromEntries(Object.keys(row()).map((field) => [field, fc.oneof(anything, fc.constant(row()[field]))])),
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 5 }), (rows) => {
        for (const read of rowsOf(...rows)) {
          const texts = Object.values(read.kind === 'task' ? read.task : read).filter(
            (value) => typeof value === 'string',
          );
          for (const text of texts) expect(text.isWellFormed() && !text.includes('\0')).toBe(true);
          if (read.kind === 'task') expect(Number.isSafeInteger(read.task.postedAt / 1000)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('JSON of 20,000 levels', () => {
  const LEVELS = 20_000;
  const DEEP = [
    ['lists', `${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}`],
    ['objects', `${'{"a":'.repeat(LEVELS)}1${'}'.repeat(LEVELS)}`],
    [
      'both, beside a number that no double holds',
      `${'[{"a":'.repeat(LEVELS)}-12345678901234567890${'}]'.repeat(LEVELS)}`,
    ],
  ] as const;
  const deepRows = (over: Readonly<Record<string, unknown>>, deep: string) => {
    const text = JSON.stringify(page([row(over), row({ id: 'neighbour' })])).replace('"DEEP"', deep);
    const answer = readAnswer(text, question);
    expect(answer).toMatchObject({ problem: null, taskCode: 20_000 });
    expect(answer.page?.rows[1]).toMatchObject({ kind: 'task', task: { id: 'neighbour' } });
    return answer.page?.rows[0];
  };

  it.each(DEEP)('is kept to the letter in metadata, with its tag and target: %s', (_name, deep) => {
    const first = deepRows({ metadata: { tag: 'x"[1234567890123456789]', target: 't', list: 'DEEP' } }, deep);
    const metadata = `{"tag":"x\\"[1234567890123456789]","target":"t","list":${deep}}`;
    expect(first).toMatchObject({ kind: 'task', task: { tag: 'x"[1234567890123456789]', target: 't' } });
    expect(first?.kind === 'task' && first.task.metadata === metadata).toBe(true);
  });

  it.each(DEEP)(
    'is kept to the letter in a field that we do not know, and in one of a strange type: %s',
    (_name, deep) => {
      const unknown = deepRows({ news: 'DEEP' }, deep);
      expect(unknown?.kind === 'task' && unknown.task.extra === `{"news":${deep}}`).toBe(true);
      const strange = deepRows({ url: [], cost: 'DEEP' }, deep);
      expect(strange?.kind === 'task' && strange.task.extra === `{"url":[],"cost":${deep}}`).toBe(true);
    },
  );

  it.each(DEEP)('is kept to the letter in a row that is no task: %s', (_name, deep) => {
    const first = deepRows({ id: 'DEEP' }, deep);
    expect(first).toMatchObject({ kind: 'quarantined', reason: 'the row has no id' });
    expect(first?.kind === 'quarantined' && first.raw.startsWith(`{"id":${deep},`)).toBe(true);
  });

  it.each(DEEP)('is another shape in the place of an answer, and no error: %s', (_name, deep) => {
    for (const text of [deep, `{"status_code":${deep},"tasks":[{"result":[${deep}],"data":${deep}}]}`])
      expect(['wrong_shape', null]).toContain(readAnswer(text, question).problem);
  });
});

describe('an answer', () => {
  it('that something unforeseen keeps from being read has another shape', () => {
    const unforeseen = () => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    expect(readAnswerWith(JSON.stringify(page([row()])), unforeseen)).toEqual({
      envelopeCode: null,
      taskCode: null,
      message: 'the answer cannot be read: RangeError: Maximum call stack size exceeded',
      executionMs: null,
      page: null,
      problem: 'wrong_shape',
    });
  });

  it('that is empty is a page of no rows, as [] or as null with a count of 0', () => {
    expect(read(page([])).page).toEqual({ rows: [], resultCount: 0, echoMatches: true });
    expect(read(page(null, { result_count: 0 })).page).toEqual({ rows: [], resultCount: 0, echoMatches: true });
  });

  it.each([
    ['null with a count', page(null, { result_count: 3 })],
    ['null without a count', page(null, { result_count: null })],
    ['null with another code', page(null, { result_count: 0, status_code: 40102 })],
    ['an object', page({ items: [] })],
    ['no task', refusedCall(20000, 'Ok.', [])],
    ['a task that is no object', refusedCall(20000, 'Ok.', [7])],
    ['tasks that are no list', refusedCall(20000, 'Ok.', { 0: {} })],
  ])('whose result is %s is no page', (_name, answer) => {
    expect(read(answer)).toMatchObject({ page: null, problem: 'wrong_shape', envelopeCode: 20000 });
  });

  it.each(['null', '[]', '"text"', '17', '{}'])('that is %s has no code and another shape', (text) => {
    expect(readAnswer(text, question)).toMatchObject({
      page: null,
      problem: 'wrong_shape',
      envelopeCode: null,
      taskCode: null,
    });
  });

  it.each(['', '<html>', '{"status_code":20000', 'undefined'])('that is %j is not JSON', (text) => {
    expect(readAnswer(text, question)).toMatchObject({ page: null, problem: 'not_json' });
  });

  it('of more rows than were asked for is no page', () => {
    const rows = [row({ id: 'a' }), row({ id: 'b' })];
    expect(read(page(rows), { ...question, limit: 2 }).page?.rows).toHaveLength(2);
    expect(read(page(rows), { ...question, limit: 1 })).toMatchObject({ page: null, problem: 'wrong_shape' });
  });

  it('keeps the count of the server, wrong as it may be', () => {
    expect(read(page([row()], { result_count: 5 })).page?.resultCount).toBe(5);
    expect(read(page([row()], { result_count: null })).page?.resultCount).toBeNull();
    expect(read(page([row()], { result_count: 'many' })).page?.resultCount).toBeNull();
  });

  it('gives codes as numbers, also where they came as text, and the message of the level that refuses', () => {
    expect(read(refusedTask(40501, 'Invalid Field.'))).toMatchObject({
      envelopeCode: 20000,
      taskCode: 40501,
      message: 'Invalid Field.',
    });
    expect(read(refusedCall(40100, 'No.', null))).toMatchObject({
      envelopeCode: 40100,
      taskCode: null,
      message: 'No.',
    });
    expect(read({ ...page([]), status_code: '50000', status_message: 'Later.' })).toMatchObject({
      envelopeCode: 50000,
      message: 'Later.',
    });
  });

  it.each([
    ['0.0871 sec.', 87.1],
    ['12.5 sec.', 12_500],
    ['0 sec.', 0],
    ['soon', null],
    ['-1 sec.', null],
    [0.5, null],
    [null, null],
    [undefined, null],
  ])('with the time %j took %s ms', (time, ms) => {
    const { executionMs } = read({ ...page([]), time });
    if (ms === null) expect(executionMs).toBeNull();
    else expect(executionMs).toBeCloseTo(ms, 6);
  });

  const echo = {
    datetime_from: '2024-04-30 23:59:59 +00:00',
    datetime_to: '2024-05-02 00:00:01 +00:00',
    limit: 1000,
    offset: 0,
    sort: 'asc',
    include_metadata: true,
  };
  it.each([
    ['all that was asked', echo, true],
    ['a list of it', [echo], true],
    ['the same instants in another zone', { ...echo, datetime_from: '2024-05-01 01:59:59 +02:00' }, true],
    ['numbers as text', { ...echo, limit: '1000', sort: 'ASC' }, true],
    ['nothing', {}, true],
    ['no object', 'asc', true],
    ['nulls', { limit: null, datetime_from: null }, true],
    ['times in a form that we cannot read', { ...echo, datetime_to: '2024-05-02T00:00:01Z' }, true],
    ['another limit', { ...echo, limit: 100 }, false],
    ['another offset', { ...echo, offset: 1000 }, false],
    ['another order', { ...echo, sort: 'desc' }, false],
    ['another time', { ...echo, datetime_from: '2024-05-01 00:00:00 +00:00' }, false],
    ['no metadata', { ...echo, include_metadata: false }, false],
  ])('that echoes %s', (_name, data, matches) => {
    expect(read(page([], { data })).page?.echoMatches).toBe(matches);
  });

  it('of any JSON at all is read without an error', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const { page: read, problem } = readAnswer(text, question);
        expect(read === null).toBe(problem !== null);
      }),
    );
  });
});
