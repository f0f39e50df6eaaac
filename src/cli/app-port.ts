import type { Diagnosis } from '../domain/diagnosis.ts';
import type { Explanation, Question } from '../domain/explanation.ts';
import type { BackfillResult, Progress } from '../domain/progress.ts';
import type { ReportAnswer, ReportFilter, ReportQuestion } from '../domain/report.ts';
import type { Plan, Snapshot } from '../domain/snapshot.ts';
import type { TaskExport } from '../domain/task-export.ts';
import type { VerifyProgress, VerifyReport } from '../domain/verification.ts';
import type { BackupTerms, MadeBackup } from '../ledger/backup.ts';
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
  readonly explain: (question: Question) => Explanation;
  /**
   * Answers from the ledger; only `reconcile` needs credentials and makes a call. What `use` gets is read while it is used.
   * @throws {LedgerError} e.g. `missing`. @throws {DataForSeoError} by `reconcile`.
   */
  readonly report: (wish: ReportWish, signal: AbortSignal) => Promise<void>;
  /** Makes no call and needs no lock. @throws {LedgerError} e.g. `missing`. */
  readonly export: (wish: ExportWish) => Promise<void>;
  /**
   * Holds file, rows, evidence, journal and coverage against each other. Needs the lock and credentials only to read slices again.
   * @throws {LedgerError} e.g. `missing`, `broken`, `held`. @throws {DataForSeoError} `account_refused` when a person must act.
   */
  readonly verify: (wish: VerifyWish, signal: AbortSignal) => Promise<VerifyReport>;
  /**
   * Makes a verified copy, beside whoever works on the ledger.
   * @throws {ConfigError} where `target` cannot be one. @throws {LedgerError} e.g. `missing`, `unwritable`, `broken`.
   */
  readonly backup: (wish: BackupWish, signal: AbortSignal) => Promise<MadeBackup>;
  /** Looks at everything that keeps a ledger from being kept; makes one call that is not of the budget. Rejects only when aborted. */
  readonly doctor: (wish: DoctorWish, signal: AbortSignal) => Promise<Diagnosis>;
};

export type DoctorWish = {
  /** What is wrong with the settings; the application has what is left of them. */
  readonly problems: readonly string[];
  readonly sendTestAlert: boolean;
};

export type BackupWish = Pick<BackupTerms, 'overwrite' | 'onCopied' | 'onVerified'> & {
  /** As it was typed. */
  readonly target: string;
};

export type ExportWish = {
  readonly range: Pick<ReportFilter, 'since' | 'until'>;
  /** What it gets is read while it is used. */
  readonly use: (exported: TaskExport) => Promise<void>;
};

export type ReportWish = {
  readonly question: ReportQuestion;
  readonly use: (answer: ReportAnswer) => Promise<void>;
};

export type VerifyWish = {
  /** So many slices are read again, the ones with the oldest evidence first; 0: none, and no call is made. */
  readonly reread: number;
  readonly onProgress: (progress: VerifyProgress) => void;
};

export type OpenApp = (config: Config, log: Logger) => App;
