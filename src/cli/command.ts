import type { Argument, Option } from 'commander';
import type { DestinationStream } from 'pino';
import type { Scrub } from '../log.ts';
import type { Clock } from '../time.ts';
import type { OpenApp } from './app-port.ts';

/** A stream as far as commands use it; `process.stdout` and `process.stderr` are two. */
export type Output = {
  /** False: it has more to carry than it likes; `on` tells when it has carried it, or when nobody takes it any more. */
  readonly write: (text: string) => unknown;
  readonly on?: (event: 'drain' | 'close', listener: () => void) => unknown;
  readonly off?: (event: 'drain' | 'close', listener: () => void) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/** A stream that takes files too. */
export type BinaryOutput = Output & { readonly write: (bytes: string | Uint8Array) => unknown };

/** What the commands get from outside; src/main.ts hands it in. */
export type CliDeps = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Answers. */
  readonly stdout: BinaryOutput;
  /** Everything else: logs, progress, complaints. */
  readonly stderr: Output;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  /** Aborted when the process is asked to stop. */
  readonly signal: AbortSignal;
  /** Loaded only by commands that open a ledger, so that the others work where its native parts do not. */
  readonly loadApp: () => Promise<OpenApp>;
  readonly version: string;
  /** How this program is called from where it was started: `npx dataforseo-ledger`. */
  readonly commandName: string;
  readonly redaction: Redaction;
  /** Default: standard error. */
  readonly logDestination?: DestinationStream;
};

/** Learns secrets as they are read, so that not even the last words of a crash hold one. */
export type Redaction = { readonly learn: (secrets: readonly string[]) => void; readonly scrub: Scrub };

/** What was typed after a command's name: settings by their name in the YAML file, the command's own options by theirs. */
export type Typed = {
  readonly settings: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
  /** What stands there without a flag. */
  readonly operands: readonly string[];
};

export type ShownSettings = 'of_the_ledger' | 'of_calls' | 'of_checks' | 'of_the_page';

/** One command. The README's table, the help texts and the parser are made of these. */
export type CliCommand = {
  readonly name: string;
  /** As in the README's table: `plan [--json]`. */
  readonly usage: string;
  readonly summary: string;
  /** What the help says beyond the summary. */
  readonly details: string;
  /** What follows the program's name: `run --rate-calls 5`. */
  readonly examples: readonly string[];
  /**
   * Which settings the help lists: `all`, or those that concern a command which only looks at the ledger or at the page, makes a call now and
   * then, or checks what there is. Such a command takes the others too, so that one set of flags fits every command. `none`: it has no flags for settings.
   */
  readonly settings: 'all' | ShownSettings | 'none';
  readonly operands?: readonly Argument[];
  readonly options: readonly Option[];
  /** @returns The exit code. @throws Whatever `exitCodeOf` knows. */
  readonly act: (typed: Typed, deps: CliDeps) => Promise<number>;
};
