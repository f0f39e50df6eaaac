import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SimulatorOptionsError, type SimulatorOptions } from './options.ts';
import type { SimulatedTask } from './rows.ts';
import type { SimulatorStats } from './stats.ts';

/** What another process may do with a running simulator. */
export type Control = {
  readonly options: () => SimulatorOptions;
  readonly set: (patch: unknown) => void;
  readonly stats: () => SimulatorStats;
  readonly tasks: (api: string) => Iterable<SimulatedTask>;
  readonly post: (api: string, count: number) => void;
};

/**
 * `GET /_simulator/options` · `POST /_simulator/options` (a patch) · `GET /_simulator/stats` · `GET /_simulator/tasks?api=…` (NDJSON) ·
 * `POST /_simulator/post?api=…&count=…`. Loopback is the only place they can be reached from, so they ask for no credentials.
 */
export async function answerControl(
  control: Control,
  request: IncomingMessage,
  response: ServerResponse,
  body: () => Promise<string>,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const api = url.searchParams.get('api') ?? control.options().apis[0] ?? 'backlinks';
  const text = await body();
  const count = Number(url.searchParams.get('count') ?? '1');
  const routes: Readonly<Record<string, () => Reply>> = {
    'GET /_simulator/options': () => ({ status: 200, json: control.options() }),
    'POST /_simulator/options': () => patched(control, text),
    'GET /_simulator/stats': () => ({ status: 200, json: control.stats() }),
    'POST /_simulator/post': () => posted(control, api, count),
    'GET /_simulator/tasks': () => ({ lines: lines(control.tasks(api)) }),
  };
  const asked = `${request.method ?? ''} ${url.pathname}`;
  const reply = routes[asked]?.() ?? { status: 404, json: { problems: [`The simulator has no ${asked}.`] } };
  if ('lines' in reply) {
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    await pipeline(Readable.from(reply.lines), response);
    return;
  }
  response.writeHead(reply.status, { 'Content-Type': 'application/json' }).end(JSON.stringify(reply.json));
}

type Reply = { readonly status: number; readonly json: unknown } | { readonly lines: Iterable<string> };

function patched(control: Control, text: string): Reply {
  try {
    control.set(JSON.parse(text));
    return { status: 200, json: control.options() };
  } catch (error) {
    if (error instanceof SimulatorOptionsError) return { status: 400, json: { problems: error.problems } };
    if (error instanceof SyntaxError) return { status: 400, json: { problems: ['The patch is not JSON.'] } };
    throw error;
  }
}

function posted(control: Control, api: string, count: number): Reply {
  if (!Number.isInteger(count) || count < 1 || count > 1_000_000)
    return { status: 400, json: { problems: ['count must be a whole number from 1 to 1000000.'] } };
  control.post(api, count);
  return { status: 200, json: { api, count } };
}

/** In parts of a few hundred lines; the pipeline takes the next one only when the reader has kept up. */
function* lines(tasks: Iterable<SimulatedTask>): Iterable<string> {
  let part = '';
  for (const task of tasks) {
    part += `${JSON.stringify(task)}\n`;
    if (part.length < 65_536) continue;
    yield part;
    part = '';
  }
  if (part !== '') yield part;
}
