import { gunzipSync } from 'node:zlib';
import { request } from 'node:http';
import { onTestFinished } from 'vitest';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { type Clock, formatWireTime } from '../../src/time.ts';

export const START = Date.parse('2026-03-15T12:00:00Z');
export const MINUTE = 60_000;
export const DAY = 86_400_000;

export type FakeClock = Clock & { readonly advance: (ms: number) => void; readonly slept: number[] };

/** Stands still until told; who sleeps on it wakes at once, that much later. */
export function fakeClock(startAt = START): FakeClock {
  let elapsed = 0;
  const slept: number[] = [];
  const advance = (ms: number) => {
    elapsed += ms;
  };
  const sleep = (ms: number) => {
    slept.push(ms);
    advance(ms);
    return Promise.resolve();
  };
  return { now: () => startAt + elapsed, monotonic: () => 1_000 + elapsed, boot: 'test', sleep, advance, slept };
}

/** A simulator that ends with the test. Without `rate` its budget is too large to be met by accident. */
export async function simulate(setup: Partial<Parameters<typeof startSimulator>[0]> = {}): Promise<Simulator> {
  const rate = { calls: 1_000_000 };
  const simulator = await startSimulator({ clock: fakeClock(), rate, ...setup });
  onTestFinished(() => simulator.close());
  return simulator;
}

export type Row = Record<string, unknown> & { id: string; datetime_posted: string; datetime_done: string | null };

export type Reply = {
  http: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  envelope: Record<string, unknown>;
  task: Record<string, unknown>;
  rows: Row[];
};

export type CallOptions = {
  api?: string;
  method?: string;
  path?: string;
  authorization?: string | null;
  body?: string;
  headers?: Record<string, string>;
};

export const BASIC = basic('login', 'not-a-secret');

export function basic(login: string, password: string): string {
  return `Basic ${Buffer.from(`${login}:${password}`, 'utf8').toString('base64')}`;
}

/** A question for everything of the last day, up to a minute ago. */
export function lastDay(more: Record<string, unknown> = {}, now = START): Record<string, unknown> {
  return { datetime_from: formatWireTime(now - DAY), datetime_to: formatWireTime(now - MINUTE), ...more };
}

/** Asks over real HTTP, one connection a call, without any help of the product's own client. */
export async function ask(
  simulator: Simulator,
  question: Record<string, unknown> | null,
  options: CallOptions = {},
): Promise<Reply> {
  const { api = 'backlinks', method = 'POST', path = `/v3/${api}/id_list`, authorization = BASIC } = options;
  const body = options.body ?? (question === null ? '' : JSON.stringify([question]));
  const headers = { ...(authorization === null ? {} : { authorization }), ...options.headers };
  return await new Promise((resolve, reject) => {
    const call = request(`${simulator.url}${path}`, { method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(parts);
        const text = (response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
        resolve({ http: response.statusCode ?? 0, headers: response.headers, text, ...parsed(text) });
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}

function parsed(text: string): Pick<Reply, 'envelope' | 'task' | 'rows'> {
  try {
    const envelope = JSON.parse(text) as Record<string, unknown>;
    const tasks = Array.isArray(envelope['tasks']) ? (envelope['tasks'] as Record<string, unknown>[]) : [];
    const [task = {}] = tasks;
    return { envelope, task, rows: Array.isArray(task['result']) ? (task['result'] as Row[]) : [] };
  } catch {
    return { envelope: {}, task: {}, rows: [] };
  }
}
