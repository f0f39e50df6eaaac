import { Worker } from 'node:worker_threads';
import { LedgerError } from '../../domain/errors.ts';
import type { Word } from '../../domain/vitals.ts';
import type { Logger } from '../../log.ts';
import type { LedgerQuestion } from '../question.ts';
import type { ReaderTerms } from './answer.ts';
import type { Asked, Replied } from './messages.ts';

export type Reader = {
  /**
   * @returns JSON; null for a task that the ledger does not know.
   * @throws {LedgerError} `missing`, `older_schema`, … @throws {ReaderError}
   */
  readonly ask: (question: LedgerQuestion) => Promise<string | null>;
  readonly stop: () => Promise<void>;
};

/**
 * `busy`: too many wait already · `slow`: it took too long and was given up · `died`: the thread ended before it had answered ·
 * `outdated`: the list has changed before the place from which to go on.
 */
export class ReaderError extends Error {
  override readonly name = 'ReaderError';
  readonly code: 'busy' | 'slow' | 'died' | 'outdated' | 'fault';

  constructor(code: ReaderError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export type ReaderOptions = {
  readonly terms: ReaderTerms;
  /** Asked with each question: the last word of this process, where it works on the ledger. */
  readonly said: () => Word | null;
  readonly log: Logger;
  /** Who takes longer for one question is ended, and the next question gets a new thread. */
  readonly patienceMs: number;
};

/** More questions than that do not wait for one thread. */
const MOST_WAITING = 64;

const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const THREAD = new URL(`./thread.${EXTENSION}`, import.meta.url);

type Waiting = {
  readonly question: LedgerQuestion;
  readonly resolve: (body: string | null) => void;
  readonly reject: (error: Error) => void;
};

/** One thread that answers one question after the other; begun with the first, and anew after it has died. */
export function createReader({ terms, said, log, patienceMs }: ReaderOptions): Reader {
  const queue: Waiting[] = [];
  const state: {
    worker: Worker | null;
    current: Waiting | null;
    timer: NodeJS.Timeout | null;
    ending: Promise<unknown> | null;
  } = {
    worker: null,
    current: null,
    timer: null,
    ending: null,
  };
  let asked = 0;

  const settle = (): Waiting | null => {
    if (state.timer !== null) clearTimeout(state.timer);
    const { current } = state;
    state.current = null;
    state.timer = null;
    return current;
  };
  const giveUp = (worker: Worker, error: ReaderError) => {
    if (state.worker !== worker) return;
    state.worker = null;
    const current = settle();
    if (current !== null)
      log.warn({ err: error, question: current.question.kind }, 'a question to the ledger was given up');
    current?.reject(error);
    // A statement that SQLite is in the middle of comes to its end first: two threads at a time would share one core, and then three.
    state.ending = worker.terminate().finally(() => {
      state.ending = null;
      next();
    });
  };
  const begin = (): Worker => {
    const worker = new Worker(THREAD);
    worker.on('message', (reply: Replied) => {
      if (state.worker !== worker || reply.id !== asked) return;
      deliver(settle(), reply);
      next();
    });
    worker.on('error', (error) =>
      giveUp(worker, new ReaderError('died', `The thread that reads has died: ${String(error)}`)),
    );
    worker.on('exit', () => giveUp(worker, new ReaderError('died', 'The thread that reads has ended.')));
    return worker;
  };
  const next = () => {
    const waiting = state.current === null && state.ending === null ? queue.shift() : undefined;
    if (waiting === undefined) return;
    const worker = (state.worker ??= begin());
    asked += 1;
    state.current = waiting;
    state.timer = setTimeout(() => giveUp(worker, new ReaderError('slow', 'The question took too long.')), patienceMs);
    const message: Asked = { id: asked, terms, said: said(), question: waiting.question };
    worker.postMessage(message);
  };
  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        if (queue.length >= MOST_WAITING) {
          reject(new ReaderError('busy', 'Too many questions wait for an answer.'));
          return;
        }
        queue.push({ question, resolve, reject });
        next();
      }),
    stop: async () => {
      const { worker } = state;
      state.worker = null;
      const ended = new ReaderError('died', 'The program stops.');
      for (const waiting of [settle(), ...queue.splice(0)]) waiting?.reject(ended);
      await Promise.all([worker?.terminate(), state.ending]);
    },
  };
}

function deliver(waiting: Waiting | null, reply: Replied): void {
  switch (reply.kind) {
    case 'answer':
      waiting?.resolve(reply.body);
      return;
    case 'ledger':
      waiting?.reject(new LedgerError(reply.code, reply.message, reply.hint === null ? {} : { hint: reply.hint }));
      return;
    case 'outdated':
    case 'fault':
      waiting?.reject(new ReaderError(reply.kind, reply.message));
  }
}
