import { lossesSince, lostUnsettled, originAt, type ApiPicture, type PlanPolicy } from '../domain/gaps.ts';
import type { Grade } from '../domain/task.ts';
import type { TimeRange } from '../domain/time-range.ts';
import type { Walk } from '../domain/walk.ts';
import { windowEdge } from '../domain/window.ts';
import type { Frontier } from './coverage.ts';
import { readPicture } from './picture.ts';
import type { LedgerRooms } from './rooms.ts';
import { toSeconds } from './seconds.ts';

/** @param widthMs - The server's now less the refused time. */
export type RefusedWidth = { readonly widthMs: number; readonly seenAt: number; readonly callId: number };

const GRADES = ['ids', 'metadata'] as const;

type Birth = { readonly api: string; readonly now: number; readonly policy: PlanPolicy };

/** Gives an API its window, at its first sight only. @returns Whether that was now. */
export function ensureFrontiers(rooms: LedgerRooms, birth: Birth): boolean {
  const api = rooms.dictionary.api(birth.api);
  if (rooms.coverage.frontiers(api).length > 0) return false;
  for (const grade of GRADES) {
    const origin = originAt(grade, birth.now, rooms.coverage.refusals(api), birth.policy);
    rooms.coverage.setFrontier(api, { grade, origin, accountedUntil: origin });
  }
  return true;
}

/** Less than this is what a first call takes and what a `Date` is cut by. */
const SKEW_MATTERS_MS = 5_000;

/** Reckons the window of an API anew that was born under a guessed clock. */
export function moveFrontiers(rooms: LedgerRooms, birth: Birth): void {
  const api = rooms.dictionary.api(birth.api);
  for (const frontier of rooms.coverage.frontiers(api)) {
    const origin = originAt(frontier.grade, birth.now, rooms.coverage.refusals(api), birth.policy);
    if (Math.abs(frontier.origin - origin) >= SKEW_MATTERS_MS)
      rooms.coverage.setFrontier(api, { grade: frontier.grade, origin, accountedUntil: origin });
  }
  rooms.coverage.confirmFrontiers(api);
}

/** What is lost, and why. */
export type Lost = TimeRange & { readonly grade: Grade; readonly reason: string };

const UNREAD = 'left the window before it was read';
export const UNSETTLED = 'left the window before it settled';

/** Whether anything has left its window unread or unsettled since the last look. Writes nothing. */
export function hasLosses(picture: ApiPicture, frontiers: readonly Frontier[], now: number): boolean {
  const isUnread = frontiers.some(
    ({ grade, accountedUntil }) => lossesSince(picture, grade, { accountedUntil, now }).lost.length > 0,
  );
  return isUnread || lostUnsettled(picture, now).length > 0;
}

/** Records what has left its window unread or unsettled since the last look (I7). @returns The new losses. */
export function accountLosses(rooms: LedgerRooms, apiName: string, now: number): Lost[] {
  const api = rooms.dictionary.api(apiName);
  const picture = readPicture(rooms, { name: apiName, number: api });
  const lost: Lost[] = lostUnsettled(picture, now).map((range) => ({ ...range, grade: 'ids', reason: UNSETTLED }));
  for (const { grade, origin, accountedUntil } of rooms.coverage.frontiers(api)) {
    const leaving = lossesSince(picture, grade, { accountedUntil, now });
    lost.push(...leaving.lost.map((range) => ({ ...range, grade, reason: UNREAD })));
    if (toSeconds(leaving.accountedUntil) !== toSeconds(accountedUntil)) {
      rooms.coverage.setFrontier(api, { grade, origin, accountedUntil: leaving.accountedUntil });
    }
  }
  for (const loss of lost) rooms.coverage.lose(api, { ...loss, lostAt: now });
  rooms.tasks.loseMetadata({ api, edge: windowEdge('metadata', now, picture.refusals), now });
  rooms.sums.flush();
  return lost;
}

/**
 * The beginning of a walk is outside the window: the walk ends, and its width is remembered. Where nothing has been read
 * there, the window was never wider for us; where something has, what is left of the slice will count as lost.
 */
export function refuse(rooms: LedgerRooms, walk: Walk, of: { refused: RefusedWidth; policy: PlanPolicy }): void {
  const api = rooms.dictionary.api(walk.api);
  const { grade } = walk;
  const { widthMs, seenAt, callId } = of.refused;
  rooms.walks.end(walk.id, 'expired', seenAt);
  rooms.coverage.refuse(api, { grade, widthMs, seenAt }, callId);
  const frontier = rooms.coverage.frontiers(api).find((each) => each.grade === grade);
  const origin = originAt(grade, seenAt, rooms.coverage.refusals(api), of.policy);
  const begun = [walk, ...rooms.walks.open()].some(
    (each) => each.api === walk.api && each.grade === grade && each.calls > 0 && each.range.since < origin,
  );
  const read = rooms.coverage
    .segments(api)
    .some((each) => (grade === 'ids' || each.grade === grade) && each.since < origin);
  if (frontier !== undefined && !begun && !read && origin > frontier.origin) {
    rooms.coverage.setFrontier(api, { grade, origin, accountedUntil: Math.max(origin, frontier.accountedUntil) });
  }
}
