import { DISTRUST_PERIODS, onThisClock, type PastCall } from '../domain/budget.ts';
import type { HarvestPolicy } from '../harvest/work.ts';
import type { JournalRow } from '../ledger/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Clock } from '../time.ts';

/**
 * What earlier processes have used of the budget, put on this process's clock and written back: a second start right after
 * then knows exactly, instead of waiting for a whole period again (I2).
 */
export function adoptPastCalls(ledger: Ledger, policy: HarvestPolicy, clock: Clock): PastCall[] {
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
