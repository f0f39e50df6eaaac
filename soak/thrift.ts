import type Database from 'better-sqlite3';
import { HOUR_MS } from '../src/time.ts';
import { claim } from './failure.ts';

/** Looks at what the calls are spent on; once an hour. */
export type Thrift = {
  readonly look: (database: Database.Database, moment: ThriftMoment) => void;
};

type ThriftMoment = {
  /** ms since the beginning. */
  readonly elapsed: number;
  /** For how long nothing has stood in the daemon's way, ms. */
  readonly calmMs: number;
  /** Gaps that begin later are the tail's, epoch ms of the server's clock. */
  readonly newest: number;
};

type Look = { readonly elapsed: number; readonly lastCall: number };

const SPAN_MS = 3 * HOUR_MS;
/** Tails, settling and unfinished tasks of three APIs come to a third of the budget at the most; what loops takes all of it. */
const MOST_OF_BUDGET = 0.6;

/** A daemon that has read everything leaves most of its budget alone. Old evidence is proven with what is left of it, and does not count. */
export function createThrift({ calls, periodMs }: { readonly calls: number; readonly periodMs: number }): Thrift {
  let looks: readonly Look[] = [];
  return {
    look: (database, { elapsed, calmMs, newest }) => {
      const lastCall = database.prepare<[], number>('select ifnull(max(id), 0) from call').pluck().get() ?? 0;
      const gaps = database.prepare<[number], number>('select count(*) from gaps where since < ?').pluck();
      const isRead = gaps.get(Math.floor(newest / 1_000)) === 0;
      looks = isRead ? [...looks, { elapsed, lastCall }] : [];
      const first = looks.findLast((look) => elapsed - look.elapsed >= SPAN_MS);
      if (first === undefined) return;
      looks = looks.slice(looks.indexOf(first));
      const spanMs = elapsed - first.elapsed;
      if (calmMs < spanMs) return;
      const spent =
        database
          .prepare<[number], number>(`select count(*) from call where id > ? and purpose <> 'verify'`)
          .pluck()
          .get(first.lastCall) ?? 0;
      const budget = (spanMs / periodMs) * calls;
      claim(
        spent <= MOST_OF_BUDGET * budget,
        () =>
          `Of ${Math.round(budget)} calls in ${(spanMs / HOUR_MS).toFixed(1)} calm hours ${spent} were made, with nothing left to read.`,
      );
    },
  };
}
