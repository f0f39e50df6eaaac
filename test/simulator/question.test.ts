import { describe, expect, test } from 'vitest';
import { formatWireTime } from '../../src/time.ts';
import { ask, DAY, fakeClock, lastDay, simulate, START } from './calls.ts';

describe('a request', () => {
  test.each([
    ['no datetime_from', { datetime_from: undefined }, `Invalid Field: 'datetime_from'.`],
    ['no datetime_to', { datetime_to: undefined }, `Invalid Field: 'datetime_to'.`],
    ['a time without seconds', { datetime_from: '2026-03-14 12:00 +00:00' }, `Invalid Field: 'datetime_from'.`],
    ['a time in ISO form', { datetime_from: '2026-03-14T12:00:00Z' }, `Invalid Field: 'datetime_from'.`],
    ['a time with hyphens', { datetime_from: '2026-03-14 12-00-00 +00:00' }, `Invalid Field: 'datetime_from'.`],
    ['a time without offset', { datetime_from: '2026-03-14 12:00:00' }, `Invalid Field: 'datetime_from'.`],
    ['a day that does not exist', { datetime_from: '2026-02-30 12:00:00 +00:00' }, `Invalid Field: 'datetime_from'.`],
    ['a limit of 0', { limit: 0 }, `Invalid Field: 'limit'.`],
    ['a limit of 1001', { limit: 1001 }, `Invalid Field: 'limit'.`],
    ['a limit in words', { limit: '10' }, `Invalid Field: 'limit'.`],
    ['a negative offset', { offset: -1 }, `Invalid Field: 'offset'.`],
    ['an offset over 100 million', { offset: 100_000_001 }, `Invalid Field: 'offset'.`],
    ['another sort', { sort: 'ASC' }, `Invalid Field: 'sort'.`],
    ['metadata as a word', { include_metadata: 'true' }, `Invalid Field: 'include_metadata'.`],
  ])('with %s is refused as a task 40501 under a good envelope', async (_, change, message) => {
    const simulator = await simulate();
    const { http, envelope, task } = await ask(simulator, lastDay(change));
    expect(http).toBe(200);
    expect(envelope).toMatchObject({ status_code: 20000, tasks_count: 1, tasks_error: 1 });
    expect(task).toMatchObject({ status_code: 40501, status_message: message, result: null, result_count: 0 });
  });

  test('with an unknown field is refused with 40506', async () => {
    const simulator = await simulate();
    const { task } = await ask(simulator, lastDay({ order: 'asc' }));
    expect(task).toMatchObject({ status_code: 40506, result: null });
  });

  test.each([
    ['nothing', '', 40502],
    ['an empty list', '[]', 40502],
    ['two tasks', '[{},{}]', 40000],
    ['an object', '{}', 40503],
    ['a list of something else', '[7]', 40503],
    ['broken JSON', '[{', 40503],
  ])('of %s is refused in the envelope', async (_, body, code) => {
    const simulator = await simulate();
    const { http, envelope } = await ask(simulator, null, { body });
    expect(http).toBe(200);
    expect(envelope).toMatchObject({ status_code: code, tasks: null });
  });

  test('with every field at its limit is answered', async () => {
    const simulator = await simulate();
    for (const change of [{ limit: 1 }, { limit: 1000 }, { offset: 0 }, { offset: 100_000_000 }, { sort: 'desc' }])
      expect((await ask(simulator, lastDay(change))).task).toMatchObject({ status_code: 20000 });
  });

  test('may write its times with another offset', async () => {
    const simulator = await simulate();
    const utc = { datetime_from: '2026-03-14 10:00:00 +00:00', datetime_to: '2026-03-14 20:30:00 +00:00' };
    const other = { datetime_from: '2026-03-14 12:00:00 +02:00', datetime_to: '2026-03-14 17:00:00 -03:30' };
    const { rows } = await ask(simulator, utc);
    expect(rows.length).toBeGreaterThan(5);
    expect((await ask(simulator, other)).rows).toEqual(rows);
  });

  test('for a path that does not exist is a 404 with 40400', async () => {
    const simulator = await simulate();
    for (const path of ['/v3/serp/google/organic/id_list', '/v3/nothing/id_list', '/', '/v3/backlinks/id_lists']) {
      const { http, envelope } = await ask(simulator, lastDay(), { path });
      expect({ http, code: envelope['status_code'] }).toEqual({ http: 404, code: 40400 });
    }
    expect(await ask(simulator, null, { method: 'GET' })).toMatchObject({ http: 404 });
    expect(simulator.stats().calls).toBe(0);
  });

  test('for a known API without tasks gets an empty list', async () => {
    const simulator = await simulate({ apis: ['backlinks'] });
    expect((await ask(simulator, lastDay(), { api: 'serp' })).task).toMatchObject({ status_code: 20000, result: [] });
  });
});

describe('the upper bound', () => {
  const NOT_PAST = 'Invalid Field: datetime_to - must be earlier than present date';

  test('must lie in a second before the current one of the simulated clock', async () => {
    const clock = fakeClock();
    clock.advance(400);
    const simulator = await simulate({ clock });
    const at = (ms: number) => lastDay({ datetime_to: formatWireTime(START + ms) });
    expect((await ask(simulator, at(0))).task).toMatchObject({ status_code: 40501, status_message: NOT_PAST });
    expect((await ask(simulator, at(60_000))).task).toMatchObject({ status_code: 40501, status_message: NOT_PAST });
    expect((await ask(simulator, at(-1_000))).task).toMatchObject({ status_code: 20000 });
    simulator.set({ skewMs: -10_000 });
    expect((await ask(simulator, at(-1_000))).task).toMatchObject({ status_code: 40501 });
    simulator.set({ skewMs: 10_000 });
    expect((await ask(simulator, at(5_000))).task).toMatchObject({ status_code: 20000 });
  });

  test('must not lie before the lower one, but may be equal to it', async () => {
    const simulator = await simulate();
    const at = formatWireTime(START - DAY);
    const before = formatWireTime(START - DAY - 1_000);
    expect((await ask(simulator, { datetime_from: at, datetime_to: before })).task['status_code']).toBe(40501);
    expect((await ask(simulator, { datetime_from: at, datetime_to: at })).task['status_code']).toBe(20000);
  });
});

describe('the windows', () => {
  test.each([
    ['six calendar months', { ids: 'calendar' } as const, false, '2025-09-15T12:00:00Z'],
    ['180 days', { ids: 180 }, false, '2025-09-16T12:00:00Z'],
    ['a calendar month', { metadata: 'calendar' } as const, true, '2026-02-15T12:00:00Z'],
    ['28 days', { metadata: 28 }, true, '2026-02-15T12:00:00Z'],
    ['31 days', { metadata: 31 }, true, '2026-02-12T12:00:00Z'],
    ['30 days, a minute stricter', { metadata: 30, strictnessSeconds: 60 }, true, '2026-02-13T12:01:00Z'],
    ['30 days, a minute laxer', { metadata: 30, strictnessSeconds: -60 }, true, '2026-02-13T11:59:00Z'],
  ])('end to the second: %s', async (_, windows, metadata, edge) => {
    const simulator = await simulate({ windows });
    const from = (ms: number) =>
      lastDay({ datetime_from: formatWireTime(Date.parse(edge) + ms), include_metadata: metadata });
    expect((await ask(simulator, from(0))).task).toMatchObject({ status_code: 20000 });
    expect((await ask(simulator, from(-1_000))).task).toMatchObject({ status_code: 40501, result: null });
    expect((await ask(simulator, from(-1_000))).task['status_message']).toMatch(/^Invalid Field: datetime_from/);
  });

  test('move on with the clock', async () => {
    const clock = fakeClock();
    const simulator = await simulate({ clock });
    const question = lastDay({ datetime_from: '2025-09-15 12:00:00 +00:00' });
    expect((await ask(simulator, question)).task['status_code']).toBe(20000);
    clock.advance(1_000);
    expect((await ask(simulator, question)).task['status_code']).toBe(40501);
  });

  test('end on the last day of a shorter month', async () => {
    const simulator = await simulate({ clock: fakeClock(Date.parse('2026-03-31T08:00:00Z')) });
    const from = (at: string) => ({
      datetime_from: at,
      datetime_to: '2026-03-30 00:00:00 +00:00',
      include_metadata: true,
    });
    expect((await ask(simulator, from('2026-02-28 08:00:00 +00:00'))).task['status_code']).toBe(20000);
    expect((await ask(simulator, from('2026-02-28 07:59:59 +00:00'))).task['status_code']).toBe(40501);
  });
});
