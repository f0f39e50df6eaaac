import type Database from 'better-sqlite3';
import { longestPauseMs } from '../src/harvest/schedule.ts';
import { HOUR_MS, MINUTE_MS } from '../src/time.ts';
import type { AuditorSetup } from './auditor.ts';
import { claim, iso } from './failure.ts';
import type { Facts } from './facts.ts';
import { NARROWER_MS } from './losses.ts';
import { durationOf } from './scenario.ts';
import { unprovenOf } from './truth.ts';

/** At rest nothing that the server lists is missing, but for what is newer than the last readings and what is on record as lost. */
export function claimAllRead(
  { scenario, service, troubles, timeline }: AuditorSetup,
  facts: Facts,
  database: Database.Database,
): void {
  const settings = scenario.settings[1];
  const calmMs = timeline.elapsed() - troubles.calmSince();
  const tailMs = longestPauseMs(settings['LEDGER_TAIL_CRON'] ?? '* * * * *');
  const newest = service.now() - tailMs - 10 * MINUTE_MS;
  const gaps = database.prepare<[number], { api: string; since: number; until: number; grade: string }>(
    'select * from gaps where since < ?',
  );
  const left = gaps.all(Math.floor((newest - tailMs) / 1_000));
  claim(
    left.length === 0,
    () => `After ${(calmMs / HOUR_MS).toFixed(1)} calm hours there are gaps: ${JSON.stringify(left.slice(0, 3))}`,
  );
  const old = service.now() - 4 * durationOf(settings['LEDGER_SETTLE'] ?? '1h') - 2 * tailMs;
  const early = database
    .prepare<[number, number], number>(
      'select min(since) from segment where settled_at is null and since > ? and until < ?',
    )
    .pluck()
    .get(Math.floor((service.windowEdge('metadata') + NARROWER_MS) / 1_000), Math.floor(old / 1_000));
  claim(
    (early ?? null) === null,
    () => `${iso((early ?? 0) * 1_000)} was read before it had settled, and never again.`,
  );
  for (const api of (settings['LEDGER_APIS'] ?? '').split(',')) {
    const ids = new Set(database.prepare<[string], string>('select id from tasks where api = ?').pluck().all(api));
    const losses = database
      .prepare<[string], { since: number; until: number }>(
        `select since, until from losses where api = ? and grade = 'ids'`,
      )
      .all(api);
    const excused = [...losses, ...unprovenOf(database, api)];
    const born =
      database
        .prepare<[string], number>(
          `select origin from frontier where grade = 'ids' and api = (select id from api where name = ?)`,
        )
        .pluck()
        .get(api) ?? Infinity;
    const edge = Math.max(born * 1_000, service.windowEdge('ids') + NARROWER_MS);
    for (const fact of facts.all(api)) {
      if (fact.postedAt < edge || fact.listedAt > newest || ids.has(fact.id)) continue;
      const at = fact.postedAt / 1_000;
      claim(
        excused.some(({ since, until }) => at >= since && at < until),
        () =>
          `${api}: the task ${fact.id}, posted ${iso(fact.postedAt)} and listed since ${iso(fact.listedAt)}, is missing without a word.`,
      );
    }
  }
}
