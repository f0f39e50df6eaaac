import type { App, OpenApp } from '../../src/cli/app-port.ts';
import type { Plan } from '../../src/domain/snapshot.ts';
import type { CliDeps } from '../../src/cli/command.ts';
import { runCli } from '../../src/cli/program.ts';
import { createRedaction } from '../../src/cli/redaction.ts';
import type { Config } from '../../src/config.ts';
import type { Diagnosis } from '../../src/domain/diagnosis.ts';
import type { Explanation } from '../../src/domain/explanation.ts';
import type { BackfillResult, Progress } from '../../src/domain/progress.ts';
import type { ReportAnswer } from '../../src/domain/report.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import type { VerifyReport } from '../../src/domain/verification.ts';
import { systemClock, type Clock } from '../../src/time.ts';

export const ACCOUNT = { DATAFORSEO_LOGIN: 'me@example.com', DATAFORSEO_PASSWORD: 'hush-hush-hush' };

export const PROGRESS: Progress = {
  coveredShare: 0.4321,
  newTasks: 12_000,
  rows: 12_345,
  calls: 13,
  tokensInUse: 3,
  tokens: 10,
  etaSeconds: 125,
  callsLeft: 20,
  nextCallInMs: null,
  waiting: null,
};

export const RESULT: BackfillResult = {
  complete: true,
  left: [],
  newTasks: 60_000,
  rows: 61_234,
  calls: 64,
  elapsedMs: 12_000,
};

export const PLAN: Plan = {
  exact: true,
  calls: 24,
  etaSeconds: 144,
  slices: [
    {
      api: 'backlinks',
      grade: 'metadata',
      since: '2026-10-23T00:00:00.000Z',
      until: '2026-11-23T00:00:00.000Z',
      calls: 24,
      expiresAt: '2026-11-23T00:01:00.000Z',
    },
  ],
  willExpire: [],
};

const stretch = { since: '2026-11-01T00:00:00.000Z', until: '2026-11-02T00:00:00.000Z' } as const;

export const SNAPSHOT: Snapshot = {
  state: 'waiting',
  reason: 'the budget is spent',
  until: '2026-11-23T12:01:00.000Z',
  at: '2026-11-23T12:00:00.000Z',
  tasks: { total: 1_234_567, withMetadata: 200_000, unfinished: 12 },
  coverage: {
    backlinks: {
      since: '2026-05-23T12:00:00.000Z',
      until: '2026-11-23T11:57:00.000Z',
      complete: false,
      gaps: [{ ...stretch, grade: 'metadata', expiresAt: '2026-12-01T00:00:00.000Z' }],
      losses: [{ ...stretch, grade: 'ids', lostAt: '2026-11-03T00:00:00.000Z', reason: 'left the window unread' }],
      unsettled: [stretch],
    },
    serp: { since: null, until: null, complete: false, gaps: [], losses: [], unsettled: [] },
  },
  tail: {
    backlinks: {
      readUpTo: '2026-11-23T11:59:30.000Z',
      readAt: '2026-11-23T12:00:00.000Z',
      newestTask: null,
      behindSeconds: 0,
    },
  },
  refused: {},
  doubts: 2,
  lastFailure: { at: '2026-11-23T11:00:00.000Z', code: '50000', message: 'internal error' },
  budget: { calls: 10, periodMs: 60_000, inUse: 10, maxInAnyPeriod: 10, lastHour: 599 },
  backlog: {
    calls: 120,
    coveredShare: 0.4321,
    etaSeconds: 720,
    exact: true,
    willExpire: [
      {
        ...stretch,
        grade: 'metadata',
        api: 'backlinks',
        expiresAt: '2026-11-24T00:00:00Z',
        reason: 'more must be read than the budget allows',
      },
    ],
  },
  ledger: { path: 'data/ledger.db', schemaVersion: 3, sizeBytes: 1_500_000, walBytes: 4_096 },
  disk: { freeBytes: 9_000_000_000, totalBytes: 20_000_000_000, bytesPerDay: 2_000_000, daysLeft: null, state: 'ok' },
  version: '0.1.0',
};

export const VERIFIED: VerifyReport = {
  ok: true,
  at: '2026-11-23T12:00:00Z',
  verified: {
    tasks: 60_000,
    changes: 12,
    sums: 1_234,
    segments: 9,
    losses: 0,
    gaps: 1,
    walks: 10,
    calls: 64,
    digests: 8,
  },
  problems: [],
  moreProblems: 0,
  notes: [],
  reread: null,
};

export const EXPLAINED: Explanation = {
  kind: 'moment',
  moment: '2026-11-01T12:00:00Z',
  at: '2026-11-23T12:00:00Z',
  apis: [{ api: 'serp', covered: null, lack: { kind: 'never_read' } }],
};

const REPORTED: ReportAnswer = {
  at: Date.UTC(2026, 10, 23, 12),
  complete: true,
  unknown: [],
  unknownTag: null,
  report: {
    kind: 'groups',
    by: ['day'],
    rows: [{ day: '2026-11-23', tasks: 3, costMicros: 60_000 }],
    totals: { tasks: 3, costMicros: 60_000 },
  },
};

export const DIAGNOSED: Diagnosis = {
  ok: true,
  refused: false,
  at: '2026-11-23T12:00:00Z',
  version: '9.8.7',
  findings: [
    { check: 'settings', verdict: 'ok', found: 'Right.', todo: null },
    { check: 'disk', verdict: 'warn', found: 'Low.', todo: 'Make room.' },
  ],
};

/** An application that answers at once; a test replaces what it is about. */
export function fakeApp(parts: Partial<App> = {}): App {
  return {
    backfill: () => Promise.resolve(RESULT),
    run: () => Promise.resolve(),
    status: () => SNAPSHOT,
    plan: () => PLAN,
    explain: () => EXPLAINED,
    report: ({ use }) => use(REPORTED),
    export: ({ use }) => use({ complete: true, total: 0, pages: [] }),
    verify: () => Promise.resolve(VERIFIED),
    backup: ({ target }) => Promise.resolve({ target, bytes: 0, report: VERIFIED }),
    doctor: () => Promise.resolve(DIAGNOSED),
    ...parts,
  };
}

type Run = {
  readonly app?: Partial<App>;
  readonly openApp?: OpenApp;
  readonly env?: Record<string, string>;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly fetch?: typeof fetch;
  readonly onStdout?: (text: string) => void;
};

/** Runs the whole command line in this process. */
export async function cli(argv: readonly string[], parts: Run = {}) {
  const written = { stdout: '', stderr: '', log: '' };
  const opened: Config[] = [];
  const terminal = { isTTY: parts.isTTY ?? false, columns: parts.columns ?? 100 };
  const openApp: OpenApp = (config, log) => {
    opened.push(config);
    return parts.openApp === undefined ? fakeApp(parts.app) : parts.openApp(config, log);
  };
  const writeOut = (chunk: string | Uint8Array) => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1');
    written.stdout += text;
    parts.onStdout?.(text);
  };
  const deps: CliDeps = {
    env: parts.env ?? ACCOUNT,
    stdout: { write: writeOut, ...terminal },
    stderr: { write: (text) => (written.stderr += text), ...terminal },
    clock: parts.clock ?? systemClock(),
    fetch: parts.fetch ?? fetch,
    signal: parts.signal ?? new AbortController().signal,
    loadApp: () => Promise.resolve(openApp),
    version: '9.8.7',
    commandName: 'npx dataforseo-ledger',
    redaction: createRedaction(),
    ...(parts.isTTY === true ? {} : { logDestination: { write: (line: string) => void (written.log += line) } }),
  };
  const code = await runCli(argv, deps);
  return { code, ...written, all: Object.values(written).join('\n'), config: opened[0] };
}
