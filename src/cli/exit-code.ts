import { CommanderError } from 'commander';
import { ConfigError, DataForSeoError, LedgerError } from '../domain/errors.ts';
import { asSentence } from '../domain/wording.ts';

/** A contract: scripts depend on these. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** Wrong usage or configuration. */
  wrong: 2,
  /** DataForSEO refuses us, and a person must act. */
  refused: 3,
  /** Another process holds this ledger. */
  held: 4,
  interrupted: 130,
} as const;

/** What an error ends the program with. @param signal - Aborted: whatever fails then without a reason of its own was interrupted. */
export function exitCodeOf(error: unknown, signal: AbortSignal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrong;
  if (error instanceof ConfigError) return EXIT.wrong;
  if (error instanceof DataForSeoError && isRefusal(error)) return EXIT.refused;
  if (error instanceof LedgerError) return exitCodeOfLedger(error);
  return signal.aborted ? EXIT.interrupted : EXIT.failed;
}

/** What a person is told of it: whole sentences, no stack. Empty where all has been said. @param goesOn - The command does so when typed again. */
export function complaintOf(error: unknown, code: number, goesOn = false): readonly string[] {
  if (error instanceof CommanderError) return [];
  if (error instanceof ConfigError) return configComplaint(error);
  if (code === EXIT.interrupted) return [interrupted(goesOn)];
  return [sentences(error)];
}

function interrupted(goesOn: boolean): string {
  const lead = 'Interrupted before it was done';
  return goesOn ? `${lead}; nothing that was read is lost. The same command goes on where it was.` : `${lead}.`;
}

function configComplaint({ problems }: ConfigError): string[] {
  if (problems.length === 1) return [...problems];
  return [`${problems.length} settings need a correction:`, ...problems.map((problem) => `- ${problem}`)];
}

function isRefusal(error: DataForSeoError): boolean {
  return error.code === 'account_refused' || error.code === 'api_refused';
}

function exitCodeOfLedger(error: LedgerError): number {
  switch (error.code) {
    case 'held':
      return EXIT.held;
    case 'other_account':
    case 'shared_disk':
    case 'mounted_alone':
    case 'not_a_ledger':
      return EXIT.wrong;
    case 'newer_schema':
    case 'older_schema':
    case 'unreadable':
    case 'unwritable':
    case 'broken':
    case 'missing':
      return EXIT.failed;
  }
}

function sentences(error: unknown): string {
  if (!(error instanceof Error)) return asSentence(String(error));
  const message = namedMessage(error);
  return [message, withoutRepeats(hintOf(error), message), ...causesOf(error)]
    .filter((text) => text !== '')
    .map(asSentence)
    .join(' ');
}

/** The name of a `TypeError` is half of what it says; our own errors and plain ones say all in their message. */
function namedMessage(error: Error): string {
  const isPlain = error instanceof LedgerError || error instanceof DataForSeoError || error.name === 'Error';
  return isPlain ? error.message : `${error.name}: ${error.message}`;
}

function hintOf(error: Error): string {
  if (error instanceof LedgerError) return error.hint ?? '';
  return error instanceof DataForSeoError ? (error.details.hint ?? '') : '';
}

/** The one cause below, where it says more: "fetch failed" alone helps nobody, "database is locked" beside who holds it neither. */
function causesOf(error: Error): string[] {
  if (error instanceof LedgerError && error.code === 'held') return [];
  return error.cause instanceof Error && error.cause.message !== error.message ? [`Cause: ${error.cause.message}`] : [];
}

/** The server's own words may name the address that the hint names too. */
function withoutRepeats(hint: string, message: string): string {
  return hint.replace(/https:\/\/[\w./-]*\w/g, (address) => (message.includes(address) ? 'that page' : address));
}
