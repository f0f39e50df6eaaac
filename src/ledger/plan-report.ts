import { gapsOf, originAt, type ApiPicture } from '../domain/gaps.ts';
import { backlogOf, callMsOf, callsOf, type Cutting } from '../domain/plan.ts';
import { TOO_MUCH } from '../domain/loss-ahead.ts';
import type { Plan } from '../domain/snapshot.ts';

/** What a backfill would do now, for people; makes no call. */
export function planReport(pictures: readonly ApiPicture[], cutting: Cutting): Plan {
  const { now, upper, policy } = cutting;
  const backlog = backlogOf(pictures, cutting);
  const slices = pictures.flatMap((picture) =>
    gapsOf(picture, upper, now).map((gap) => ({
      api: gap.api,
      grade: gap.grade,
      since: iso(gap.since),
      until: iso(gap.until),
      calls: callsOf(picture, gap, policy),
      expiresAt: iso(gap.expiresAt),
    })),
  );
  return {
    exact: backlog.exact,
    calls: backlog.calls,
    etaSeconds: Math.ceil((backlog.calls * callMsOf(cutting)) / 1000),
    slices,
    willExpire: backlog.willExpire.map(({ api, grade, since, until, expiresAt }) => ({
      api,
      grade,
      since: iso(since),
      until: iso(until),
      expiresAt: iso(expiresAt),
      reason: TOO_MUCH,
    })),
  };
}

/** An API that no ledger knows yet. */
export function unreadPicture(api: string, cutting: Cutting): ApiPicture {
  const originOf = (grade: 'ids' | 'metadata') => originAt(grade, cutting.now, [], cutting.policy);
  const origins = { ids: originOf('ids'), metadata: originOf('metadata') };
  return { api, origins, segments: [], losses: [], refusals: [], densities: [], taken: [], read: [] };
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
