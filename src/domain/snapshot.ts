import type { DiskOutlook } from './disk.ts';
import type { Grade } from './task.ts';

/**
 * What a ledger knows and lacks at one moment: `status --json` to the letter, and the one source of the human text.
 * Instants are ISO 8601 in UTC by the server's clock.
 */
export type Snapshot = {
  readonly state: 'harvesting' | 'idle' | 'waiting' | 'parked' | 'stopped';
  readonly reason: string;
  readonly until: string | null;
  readonly at: string;
  readonly tasks: { readonly total: number; readonly withMetadata: number; readonly unfinished: number };
  readonly coverage: Readonly<Record<string, ApiCoverage>>;
  readonly tail: Readonly<Record<string, TailState>>;
  /** APIs that are refused until a person acts, those that are, by name. */
  readonly refused: Readonly<Record<string, RefusedApi>>;
  readonly doubts: number;
  readonly lastFailure: { readonly at: string; readonly code: string; readonly message: string } | null;
  readonly budget: {
    readonly calls: number;
    readonly periodMs: number;
    readonly inUse: number;
    /** The most calls that any one period held, by sending time, within the last day; those of a budget of shorter periods aside. */
    readonly maxInAnyPeriod: number;
    readonly lastHour: number;
  };
  readonly backlog: {
    /** Share of the window that is read, 0 … 1, by time (src/domain/covered-share.ts). */
    readonly coveredShare: number;
    readonly calls: number;
    readonly etaSeconds: number;
    /** False while a density is still unknown: then `calls` is the least that it can be. */
    readonly exact: boolean;
    /** What leaves its window before its turn; the first second of it at `expiresAt`. */
    readonly willExpire: readonly (Stretch & {
      readonly api: string;
      readonly expiresAt: string;
      /** Why it is not read before. */
      readonly reason: string;
    })[];
  };
  readonly ledger: {
    readonly path: string;
    readonly schemaVersion: number;
    readonly sizeBytes: number;
    readonly walBytes: number;
  };
  /** Null where the file system does not tell. */
  readonly disk: DiskOutlook | null;
  readonly version: string;
};

export type Stretch = { readonly since: string; readonly until: string; readonly grade: Grade };

export type ApiCoverage = {
  readonly since: string | null;
  readonly until: string | null;
  /** No gap before (server's now − lag − 2 tail periods), from where the window could first be read. */
  readonly complete: boolean;
  readonly gaps: readonly (Stretch & { readonly expiresAt: string })[];
  readonly losses: readonly (Stretch & { readonly lostAt: string; readonly reason: string })[];
  readonly unsettled: readonly Omit<Stretch, 'grade'>[];
};

export type TailState = {
  readonly readUpTo: string | null;
  readonly readAt: string | null;
  readonly newestTask: string | null;
  /** How late new tasks are read; 0 while that is as soon as they are meant to be, null before the first reading. */
  readonly behindSeconds: number | null;
};

export type RefusedApi = {
  /** The first refusal since it last answered. */
  readonly since: string;
  /** When it is asked again. */
  readonly until: string;
  /** As DataForSEO has it, or the status of HTTP. */
  readonly code: string;
  readonly reason: string;
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
    readonly expiresAt: string;
    readonly reason: string;
  }[];
};
