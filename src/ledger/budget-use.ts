import type { Snapshot } from '../domain/snapshot.ts';
import type { Db } from './database.ts';

export type BudgetMoment = {
  readonly periodMs: number;
  readonly wallNow: number;
  readonly monoNow: number;
  readonly boot: string;
  /** A process makes calls now, so an unanswered call may be in flight. */
  readonly held: boolean;
};

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** How the budget was used, as the journal tells it: by the moments of sending, which is earlier than the server counts. */
export function callsInPeriods(
  database: Db,
  moment: BudgetMoment,
): Pick<Snapshot['budget'], 'inUse' | 'maxInAnyPeriod' | 'lastHour'> {
  const sent = sentWithin(database, moment.wallNow - DAY_MS);
  return {
    inUse: tokensOut(database, moment),
    maxInAnyPeriod: mostWithin(
      sent.filter(({ periodMs }) => periodMs >= moment.periodMs).map(({ at }) => at),
      moment.periodMs,
    ),
    lastHour: sent.filter(({ at }) => at > moment.wallNow - HOUR_MS).length,
  };
}

type Sent = { readonly at: number; readonly periodMs: number };

/** Newest first. The journal's order is the order of sending, so the reading stops at the first older one. */
function sentWithin(database: Db, since: number): Sent[] {
  const all = database.prepare<[], Sent>('select sent_wall_ms as at, period_ms as periodMs from call order by id desc');
  const sent: Sent[] = [];
  for (const call of all.iterate()) {
    if (call.at < since) break;
    sent.push(call);
  }
  return sent;
}

/** @param sent - Newest first. */
function mostWithin(sent: readonly number[], periodMs: number): number {
  let most = 0;
  let oldest = 0;
  sent.forEach((at, index) => {
    while ((sent[oldest] ?? at) - at >= periodMs) oldest += 1;
    most = Math.max(most, index - oldest + 1);
  });
  return most;
}

function tokensOut(database: Db, { monoNow, boot, held }: BudgetMoment): number {
  const count = (sql: string, ...values: (string | number)[]) =>
    database
      .prepare<(string | number)[], number>(sql)
      .pluck()
      .get(...values) ?? 0;
  const waiting = count(
    'select count(*) from call where boot = (select id from boot where name = ?) and token_back_mono_ms > ?',
    boot,
    monoNow,
  );
  return waiting + (held ? count('select count(*) from call where token_back_mono_ms is null') : 0);
}
