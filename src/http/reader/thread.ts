import { parentPort } from 'node:worker_threads';
import { LedgerError } from '../../domain/errors.ts';
import { asLedgerError, openForReading, type Db } from '../../ledger/database.ts';
import { systemClock } from '../../time.ts';
import { answer } from './answer.ts';
import { OutdatedCursor } from './costs-page.ts';
import type { Asked, Replied } from './messages.ts';

// A thread of its own: SQLite answers while the harvest goes on, and a long question holds up other questions only.

const clock = systemClock();
let database: Db | null = null;

parentPort?.on('message', (asked: Asked) => {
  parentPort?.postMessage(reply(asked));
});

function reply({ id, terms, said, question }: Asked): Replied {
  try {
    database ??= openForReading(terms.path);
    const body = answer({ database, terms, said, clock }, question);
    return { id, kind: 'answer', body: body === null ? null : JSON.stringify(body) };
  } catch (thrown) {
    if (thrown instanceof OutdatedCursor) return { id, kind: 'outdated', message: thrown.message };
    // Whatever it was, the next question opens the file anew: it may have been made, migrated or put in place meanwhile.
    database?.close();
    database = null;
    const error = asLedgerError(terms.path, thrown, 'read');
    if (error instanceof LedgerError)
      return { id, kind: 'ledger', code: error.code, message: error.message, hint: error.hint ?? null };
    return { id, kind: 'fault', message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}
