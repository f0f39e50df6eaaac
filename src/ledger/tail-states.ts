import { behindMs } from '../domain/behind.ts';
import { upperBound, type ApiPicture, type PlanPolicy } from '../domain/gaps.ts';
import type { Snapshot, TailState } from '../domain/snapshot.ts';
import { tailPaces, tailShare } from '../domain/tail-share.ts';
import type { Db } from './database.ts';
import { readOpenedAt } from './opened-at.ts';

type TailTerms = {
  readonly apis: readonly string[];
  readonly policy: PlanPolicy;
  readonly lagMs: number;
  readonly tailPeriodMs: number;
  readonly wallNow: number;
};

type TailScene = {
  readonly terms: TailTerms;
  /** Epoch ms of the server's clock. */
  readonly now: number;
  /** Of the APIs that were read. */
  readonly pictures: ReadonlyMap<string, ApiPicture>;
  readonly coverage: Snapshot['coverage'];
};

const NO_TAIL: TailState = { readUpTo: null, readAt: null, newestTask: null, behindSeconds: null };

/**
 * How far the newest part of each API is read, and how far that is behind the pace at which it is read: with many of them, quiet ones
 * are read less often.
 */
export function tailStates(database: Db, scene: TailScene): Record<string, TailState> {
  const { terms, now, pictures } = scene;
  const tails = terms.apis.map((api) => {
    const picture = pictures.get(api);
    return [api, picture === undefined ? NO_TAIL : tailOf(database, picture)] as const;
  });
  const quiet = tails.map(([, { newestTask }]) => (newestTask === null ? Infinity : now - Date.parse(newestTask)));
  const { policy, tailPeriodMs } = terms;
  const share = tailShare(policy.tokens, true);
  const paces = tailPaces(quiet, { tailPeriodMs, periodMs: policy.periodMs, share });
  // By the server's clock.
  const startedAt = (readOpenedAt(database) ?? terms.wallNow) + now - terms.wallNow;
  return Object.fromEntries(
    tails.map(([api, tail], index) => {
      const everyMs = paces[index] ?? tailPeriodMs;
      return [api, { ...tail, behindSeconds: behindSeconds(scene, { api, tail, startedAt, everyMs }) }];
    }),
  );
}

type Behind = {
  readonly api: string;
  readonly tail: TailState;
  readonly startedAt: number;
  readonly everyMs: number;
};

function behindSeconds({ terms, now, coverage }: TailScene, { api, tail, startedAt, everyMs }: Behind): number | null {
  if (tail.readUpTo === null) return null;
  const unread = (coverage[api]?.gaps ?? []).map(({ since, until }) => ({
    since: Date.parse(since),
    until: Date.parse(until),
  }));
  const upper = upperBound(now, terms.lagMs);
  return Math.round(behindMs({ unread, readUpTo: Date.parse(tail.readUpTo), upper, startedAt, everyMs }) / 1000);
}

function tailOf(database: Db, { segments, api }: ApiPicture): TailState {
  const last = segments.at(-1);
  if (last === undefined) return { ...NO_TAIL, newestTask: newestTask(database, api) };
  const readAt = database
    .prepare<[number], number | null>('select finished_at from walk where id = ?')
    .pluck()
    .get(last.walkId);
  return {
    readUpTo: iso(last.until),
    readAt: iso((readAt ?? 0) * 1000),
    newestTask: newestTask(database, api),
    behindSeconds: null,
  };
}

function newestTask(database: Db, api: string): string | null {
  const newest = database
    .prepare<[string], number>(
      `with asked (id) as (select id from api where name = ?)
       select posted_at from task
       where api = (select id from asked)
         and posted_at >= (select max(day) from day_cost where api = (select id from asked) and tasks > 0) * 86400
       order by posted_at desc limit 1`,
    )
    .pluck()
    .get(api);
  return newest === undefined ? null : iso(newest * 1000);
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
