import type { Explanation, Question } from '../domain/explanation.ts';
import { upperBound } from '../domain/gaps.ts';
import type { Cutting } from '../domain/plan.ts';
import type { Plan, Snapshot } from '../domain/snapshot.ts';
import type { Word } from '../domain/vitals.ts';
import { longestPauseMs } from '../harvest/schedule.ts';
import { openForReading } from '../ledger/database.ts';
import { explain } from '../ledger/explain.ts';
import { planReport, unreadPicture } from '../ledger/plan-report.ts';
import { serverNow } from '../ledger/server-now.ts';
import { readPictures, readSnapshot } from '../ledger/snapshot.ts';
import { recentTailCalls } from '../ledger/tail-calls.ts';
import { policyOf, type Parts } from './parts.ts';
import { openUnlessMissing } from './with-reader.ts';

/**
 * What the ledger holds and lacks; makes no call.
 *
 * @param said - The last word of this very process, where it works on the ledger. @throws {LedgerError} `missing` before the first start.
 */
export function status({ config, seams }: Parts, said: Word | null = null): Snapshot {
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
      said,
    });
  } finally {
    database.close();
  }
}

/** What a backfill would do now; makes no call, and needs no ledger. */
export function plan({ config, seams }: Parts): Plan {
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
    const now = serverNow(database, seams.clock.now());
    const cutting = { ...at(now), tailCalls: recentTailCalls(database, { now, policy }) };
    const known = readPictures(database, config.apis);
    const unread = config.apis.filter((api) => !known.some((picture) => picture.api === api));
    return planReport([...known, ...unread.map((api) => unreadPicture(api, cutting))], cutting);
  } finally {
    database.close();
  }
}

/** Which call covered a task or a moment, or why none did. @throws {LedgerError} `missing` before the first start. */
export function explained({ config, seams }: Parts, question: Question): Explanation {
  const database = openForReading(config.databasePath);
  try {
    const now = serverNow(database, seams.clock.now());
    const cutting = { now, upper: upperBound(now, config.lagMs), policy: policyOf(config), inFlight: 0 };
    return explain(database, question, { apis: config.apis, lagMs: config.lagMs, cutting });
  } finally {
    database.close();
  }
}
