import type { BackfillResult, Progress } from '../domain/progress.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';

/** What the commands need of the application; src/app.ts builds it, src/main.ts hands it in. */
export type App = {
  /**
   * Reads everything now in the window, then resolves.
   * @throws {DataForSeoError} `account_refused` when a person must act. @throws {LedgerError} e.g. `held`.
   */
  readonly backfill: (onProgress: (progress: Progress) => void, signal: AbortSignal) => Promise<BackfillResult>;
  /** The daemon; resolves once `signal` has stopped it in good order. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Makes no call and needs no lock. @throws {LedgerError} `missing` before the first start (not by `plan`). */
  readonly status: () => Snapshot;
  readonly plan: () => Plan;
};

/** What a backfill would do now. */
export type Plan = {
  /** False while a density is unknown: then `calls` is the least it can be. */
  readonly exact: boolean;
  readonly calls: number;
  readonly etaSeconds: number;
  readonly slices: readonly {
    readonly api: string;
    readonly grade: 'ids' | 'metadata';
    readonly since: string;
    readonly until: string;
    readonly calls: number | null;
    readonly expiresAt: string;
  }[];
  /** What will leave its window before it can be read. */
  readonly willExpire: readonly {
    readonly api: string;
    readonly grade: 'ids' | 'metadata';
    readonly since: string;
    readonly until: string;
  }[];
};

export type OpenApp = (config: Config, log: Logger) => App;
