import { fork, type ChildProcess } from 'node:child_process';
import { z } from 'zod';
import { LedgerError } from '../domain/errors.ts';
import { checkFile } from './database.ts';
import { readMigrations } from './migrate.ts';

/** What the process that brings a ledger up to date says of itself. */
const word = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('copied'), path: z.string(), bytes: z.number() }),
  z.object({ kind: z.literal('removed'), path: z.string() }),
  z.object({ kind: z.literal('migrated'), from: z.number(), to: z.number() }),
  z.object({
    kind: z.literal('failed'),
    code: z.enum([
      'held',
      'shared_disk',
      'mounted_alone',
      'not_a_ledger',
      'newer_schema',
      'unreadable',
      'unwritable',
      'broken',
    ]),
    message: z.string(),
    hint: z.string().nullable(),
    cause: z.object({ message: z.string(), code: z.string().nullable() }).nullable(),
  }),
]);

export type UpgradeWord = z.output<typeof word>;

export type UpgradeTerms = {
  readonly path: string;
  readonly log: { readonly info: (facts: object, message: string) => void };
};

/** Built, it lies beside this one under its other ending. */
const PROGRAM = new URL(`./upgrade-process.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);

/**
 * Brings a ledger of an older schema up to date, in a process of its own: SQLite does it in one go, minutes long on a large file,
 * and meanwhile health checks must be answered and a stop be heard. A migration that rewrites rows has the ledger copied
 * first. Does nothing to a new or a current one. That process has the lock while it lasts.
 *
 * @throws {LedgerError} `held`, `unwritable` where there is no room, `broken` when a migration fails otherwise; the file is then as it was.
 * @throws `signal.reason` when aborted: what was begun is undone, and begins anew with the next start.
 */
export async function upgradeLedger({ path, log }: UpgradeTerms, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const kind = checkFile(path);
  const newest = readMigrations().length;
  if (kind.kind !== 'ledger' || kind.schemaVersion === newest) return;
  log.info({ path, from: kind.schemaVersion, to: newest }, 'the ledger is brought up to date');
  // A kill is safe at any moment: SQLite has the whole of a migration or nothing of it.
  const child = fork(PROGRAM, [path], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], signal, killSignal: 'SIGKILL' });
  const failure = await outcomeOf(child, log);
  signal.throwIfAborted();
  if (failure !== null) throw failure;
}

/** Hears it out. @returns Why it failed; null when it did not. */
async function outcomeOf(child: ChildProcess, log: UpgradeTerms['log']): Promise<Error | null> {
  const said: UpgradeWord[] = [];
  child.on('message', (message) => {
    const heard = word.parse(message);
    said.push(heard);
    tell(heard, log);
  });
  // `close` follows in any case, and says what came of it; without a listener an abort would be an uncaught error.
  child.on('error', () => undefined);
  const ending = await new Promise<string>((resolve) => {
    child.on('close', (code, signalName) => resolve(signalName ?? `exit code ${String(code)}`));
  });
  const last = said.at(-1);
  if (last?.kind === 'migrated') return null;
  if (last?.kind === 'failed') return errorOf(last);
  return new LedgerError('broken', `Bringing the ledger up to date ended early (${ending}).`, {
    hint: 'The ledger is as it was. Was it killed for want of memory? Start again.',
  });
}

function tell(said: UpgradeWord, log: UpgradeTerms['log']): void {
  switch (said.kind) {
    case 'failed':
      return;
    case 'copied': {
      log.info(
        { path: said.path, bytes: said.bytes },
        'the ledger as it was is kept in a copy until the next one is made; delete it once you need it no more',
      );
      return;
    }
    case 'removed': {
      log.info({ path: said.path }, 'an older copy of the ledger is removed: there is a newer one');
      return;
    }
    case 'migrated': {
      log.info({ from: said.from, to: said.to }, 'the ledger is up to date');
      return;
    }
  }
}

function errorOf({ code, message, hint, cause }: Extract<UpgradeWord, { kind: 'failed' }>): LedgerError {
  return new LedgerError(code, message, {
    ...(hint === null ? {} : { hint }),
    ...(cause === null ? {} : { cause: Object.assign(new Error(cause.message), { code: cause.code }) }),
  });
}
