import { tailShare } from '../domain/tail-share.ts';
import type { PlanPolicy } from '../domain/gaps.ts';
import type { Db } from './database.ts';

/** So many periods tell how many calls the tails take: quiet ones are read every few minutes. */
const PERIODS = 10;

/**
 * Calls a period that the newest tasks took of the budget of late, at most the tail's share; 0 where no daemon has read them.
 * @param moment - `now` by the server's clock, epoch ms.
 */
export function recentTailCalls(database: Db, { now, policy }: { now: number; policy: PlanPolicy }): number {
  const calls = database
    .prepare<[number, number], number>(
      `select count(*) from (select purpose, sent_at from call order by id desc limit +?)
         where purpose = 'tail' and sent_at > ?`,
    )
    .pluck()
    .get(PERIODS * policy.tokens, Math.floor((now - PERIODS * policy.periodMs) / 1000));
  return Math.min((calls ?? 0) / PERIODS, tailShare(policy.tokens, true));
}
