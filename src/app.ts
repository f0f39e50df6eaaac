import type { App, OpenApp, VerifyWish } from './cli/app-port.ts';
import type { Config } from './config.ts';
import { createClient } from './dataforseo/client.ts';
import { createServerClock } from './dataforseo/server-clock.ts';
import { DISTRUST_PERIODS, onThisClock, type PastCall } from './domain/budget.ts';
import { ConfigError, LedgerError } from './domain/errors.ts';
import type { Explanation, Question } from './domain/explanation.ts';
import { upperBound } from './domain/gaps.ts';
import type { Cutting } from './domain/plan.ts';
import type { VerifyReport } from './domain/verification.ts';
import { backfill } from './harvest/backfill.ts';
import { runDaemon } from './harvest/daemon.ts';
import type { HarvestDeps } from './harvest/harvester.ts';
import { reread } from './harvest/reread.ts';
import { longestPauseMs } from './harvest/schedule.ts';
import type { HarvestPolicy } from './harvest/work.ts';
import { asLedgerError, openForReading, type Db } from './ledger/database.ts';
import { createEvidenceReader } from './ledger/evidence-reader.ts';
import { explain } from './ledger/explain.ts';
import type { JournalRow } from './ledger/journal.ts';
import { openLedger, type Ledger } from './ledger/ledger.ts';
import { planReport, unreadPicture } from './ledger/plan-report.ts';
import { readPictures, readSnapshot, serverNow } from './ledger/snapshot.ts';
import { verifyLedger } from './ledger/verify.ts';
import type { Logger } from './log.ts';
import type { Clock } from './time.ts';

/** The three seams: all else is real, in tests too. The third, the database's path, is a setting. */
export type Seams = {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly pid: number;
  readonly version: string;
};

/** DataForSEO gives at most so many rows a call (docs/endpoint.md, "The call"). */
const PAGE_ROWS = 1_000;
/** A slow server still gets all its calls through so many walks at a time. */
const LANES = 4;

/** The composition root: from settings and seams to something that commands can use. Opens nothing yet. */
export function createOpenApp(seams: Seams): OpenApp {
  return (config, log) => createApp({ config, log, seams });
}

type Parts = { readonly config: Config; readonly log: Logger; readonly seams: Seams };

function createApp(parts: Parts): App {
  return {
    backfill: (onProgress, signal) => withHarvest(parts, (deps) => backfill(deps, onProgress, signal)),
    run: (signal) =>
      withHarvest(parts, async (deps) => {
        await runDaemon(deps, { tailCron: parts.config.tailCron }, signal);
      }),
    status: () => status(parts),
    plan: () => plan(parts),
    explain: (question) => explained(parts, question),
    verify: (wish, signal) => verify(parts, wish, signal),
  };
}

/** Opens ledger and client, and closes both in the reverse order, however the work ends. */
async function withHarvest<T>(parts: Parts, work: (deps: HarvestDeps) => Promise<T>): Promise<T> {
  const { config, seams, log } = parts;
  if (config.credentials === null) throw new ConfigError(['DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD must be set.']);
  const { login, password } = config.credentials;
  const policy = policyOf(config);
  const ledger = openLedger({ path: config.databasePath, login, pid: seams.pid, now: seams.clock.now() });
  try {
    const serverClock = createServerClock(seams.clock, ledger.lastSkewMs());
    const client = createClient({
      baseUrl: config.url,
      credentials: { login, password: password.reveal() },
      fetch: seams.fetch,
      clock: seams.clock,
      serverClock,
      journal: ledger.journal,
      budget: { calls: policy.tokens, periodMs: policy.periodMs, history: adoptPastCalls(ledger, policy, seams.clock) },
      timeoutMs: config.timeoutMs,
      userAgent: `dataforseo-ledger/${seams.version}`,
    });
    try {
      const { clock, pid, version } = seams;
      return await work({ ledger, client, serverClock, clock, policy, log, worker: { pid, version } });
    } finally {
      await client.stop();
    }
  } finally {
    ledger.close();
  }
}

/**
 * What earlier processes have used of the budget, put on this process's clock and written back: a second start right after
 * then knows exactly, instead of waiting for a whole period again (I2).
 */
function adoptPastCalls(ledger: Ledger, policy: HarvestPolicy, clock: Clock): PastCall[] {
  const terms = { calls: policy.tokens, periodMs: policy.periodMs };
  const start = { mono: clock.monotonic(), wall: clock.now(), boot: clock.boot };
  const throttledSince = start.wall - DISTRUST_PERIODS * policy.periodMs;
  const rows = ledger.journal.past({ boot: clock.boot, tokens: policy.tokens, throttledSince });
  const before = rows.map(pastCall);
  const after = onThisClock(terms, before, start);
  ledger.journal.adopt(rows.flatMap((row, index) => adopted(row, before[index], after[index])));
  return after;
}

function adopted(row: JournalRow, before: PastCall | undefined, after: PastCall | undefined): JournalRow[] {
  if (after === undefined || after === before) return [];
  const { sentAt, sentMono, boot, periodMs, answered } = after;
  const answeredWallMs = answered?.answeredAt ?? null;
  return [
    {
      ...row,
      boot,
      periodMs,
      sentWallMs: sentAt,
      sentMonoMs: sentMono,
      answeredWallMs,
      tokenBackMonoMs: answered?.tokenBackMono ?? null,
    },
  ];
}

function pastCall(row: JournalRow): PastCall {
  const { answeredWallMs, tokenBackMonoMs, throttled } = row;
  const isAnswered = answeredWallMs !== null && tokenBackMonoMs !== null;
  return {
    sentAt: row.sentWallMs,
    sentMono: row.sentMonoMs,
    boot: row.boot,
    periodMs: row.periodMs,
    answered: isAnswered ? { answeredAt: answeredWallMs, tokenBackMono: tokenBackMonoMs, throttled } : null,
  };
}

function policyOf(config: Config): HarvestPolicy {
  return {
    apis: config.apis,
    tokens: config.rateCalls,
    periodMs: config.ratePeriodMs,
    limit: PAGE_ROWS,
    lanes: LANES,
    lagMs: config.lagMs,
    settleMs: config.settleMs,
  };
}

function status({ config, seams }: Parts) {
  const database = openForReading(config.databasePath);
  try {
    return readSnapshot(database, {
      path: config.databasePath,
      apis: config.apis,
      policy: policyOf(config),
      lagMs: config.lagMs,
      tailPeriodMs: longestPauseMs(config.tailCron),
      wallNow: seams.clock.now(),
      monoNow: seams.clock.monotonic(),
      boot: seams.clock.boot,
      version: seams.version,
    });
  } finally {
    database.close();
  }
}

function plan({ config, seams }: Parts) {
  const policy = policyOf(config);
  const at = (now: number): Cutting => ({ now, upper: upperBound(now, config.lagMs), policy, inFlight: 0 });
  const database = openUnlessMissing(config.databasePath);
  if (database === null) {
    const cutting = at(seams.clock.now());
    return planReport(
      config.apis.map((api) => unreadPicture(api, cutting)),
      cutting,
    );
  }
  try {
    const cutting = at(serverNow(database, seams.clock.now()));
    const known = readPictures(database, config.apis);
    const unread = config.apis.filter((api) => !known.some((picture) => picture.api === api));
    return planReport([...known, ...unread.map((api) => unreadPicture(api, cutting))], cutting);
  } finally {
    database.close();
  }
}

function explained({ config, seams }: Parts, question: Question): Explanation {
  const database = openForReading(config.databasePath);
  try {
    const now = serverNow(database, seams.clock.now());
    const cutting = { now, upper: upperBound(now, config.lagMs), policy: policyOf(config), inFlight: 0 };
    return explain(database, question, { apis: config.apis, lagMs: config.lagMs, cutting });
  } finally {
    database.close();
  }
}

async function verify(parts: Parts, wish: VerifyWish, signal: AbortSignal): Promise<VerifyReport> {
  if (wish.reread === 0) return await verifyFile(parts, wish, signal);
  // A ledger that is not there has nothing to verify, and none is to be made.
  openForReading(parts.config.databasePath).close();
  return await withHarvest(parts, async (deps) => {
    const report = await verifyFile(parts, wish, signal);
    // Nothing is written into a damaged file: that could lose what is still whole.
    if (report.problems.some(({ check }) => check === 'file')) return report;
    return await withReader(parts, async (database) => {
      const sumsDiffer = report.problems.some(({ check }) => check === 'sums');
      const evidence = createEvidenceReader(database);
      const found = await reread(deps, { ...wish, evidence, slices: wish.reread, sumsDiffer }, signal);
      const same = found.slices.every(
        (slice) => slice.failure === null && slice.newTasks + slice.changedTasks + slice.unlistedTasks === 0,
      );
      return { ...report, ok: report.ok && same, reread: found };
    });
  });
}

async function verifyFile(parts: Parts, { onProgress }: VerifyWish, signal: AbortSignal): Promise<VerifyReport> {
  const terms = { apis: parts.config.apis, wallNow: parts.seams.clock.now(), onProgress };
  return await withReader(parts, (database) => verifyLedger(database, terms, signal));
}

async function withReader<T>({ config }: Parts, work: (database: Db) => Promise<T>): Promise<T> {
  const database = openForReading(config.databasePath);
  try {
    return await work(database);
  } catch (error) {
    throw asLedgerError(config.databasePath, error, 'read');
  } finally {
    database.close();
  }
}

/** Before the first start there is nothing to read, and all is to be planned. */
function openUnlessMissing(path: string) {
  try {
    return openForReading(path);
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'missing') return null;
    throw error;
  }
}
