import type { PageQuestion } from '../../src/domain/call.ts';

export const question: PageQuestion = {
  walkId: 7,
  api: 'backlinks',
  purpose: 'backfill',
  range: { since: Date.UTC(2024, 4, 1), until: Date.UTC(2024, 4, 2) },
  grade: 'metadata',
  offset: 0,
  limit: 1000,
};

/** The sample row of docs/endpoint.md, with what a test wants to be different. */
export function row(over: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id: '01262030-4426-0139-0000-50c0b9a6c886',
    url: 'v3/serp/google/organic/live/advanced',
    datetime_posted: '2023-01-26 18:31:01 +00:00',
    datetime_done: '2023-01-26 18:31:02 +00:00',
    status: '20000',
    cost: 0.020000000000000004,
    metadata: { api: 'serp', function: 'live', keyword: 'rank checker', tag: 'customer-7', target: 'example.com' },
    ...over,
  };
}

/** A whole answer around these rows. */
export function page(rows: unknown, task: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const count = Array.isArray(rows) ? rows.length : 0;
  return {
    version: '0.1.20240101',
    status_code: 20000,
    status_message: 'Ok.',
    time: '0.0871 sec.',
    cost: 0,
    tasks_count: 1,
    tasks_error: 0,
    tasks: [
      {
        id: '05010000-0000-0000-0000-000000000000',
        status_code: 20000,
        status_message: 'Ok.',
        time: '0.0400 sec.',
        cost: 0,
        result_count: count,
        path: ['v3', 'backlinks', 'id_list'],
        data: { api: 'backlinks', function: 'id_list' },
        result: rows,
        ...task,
      },
    ],
  };
}

/** An answer that refuses the question itself: the envelope is fine, the task is not. */
export function refusedTask(code: number, message: string): Record<string, unknown> {
  return page(null, { status_code: code, status_message: message, result_count: 0 });
}

/** An answer that refuses the call. */
export function refusedCall(code: number, message: string, tasks?: unknown): Record<string, unknown> {
  return {
    version: '0.1',
    status_code: code,
    status_message: message,
    time: '0 sec.',
    tasks_count: 0,
    tasks_error: 0,
    ...(tasks === undefined ? {} : { tasks }),
  };
}
