import { ahead, type ApiPicture, type Gap } from './gaps.ts';
import { callsOf, type Cutting } from './plan.ts';

/** When a second of a gap is read: what expires sooner is read before it. */
export type Turn = {
  readonly callsBefore: number;
  /** False while a density is unknown: then the number is the least that it can be. */
  readonly exact: boolean;
  /** When it leaves the window, epoch ms. */
  readonly expiresAt: number;
};

export function turnOf(pictures: readonly ApiPicture[], moment: { gap: Gap; at: number }, cutting: Cutting): Turn {
  const expiresAt = moment.gap.expiresAt + moment.at - moment.gap.since;
  let callsBefore = 0;
  let exact = true;
  for (const picture of pictures) {
    for (const gap of ahead(picture, cutting.upper, cutting.now)) {
      const until = Math.min(gap.until, gap.since + expiresAt - gap.expiresAt);
      if (until <= gap.since) continue;
      const calls = callsOf(picture, { since: gap.since, until }, cutting.policy);
      callsBefore += calls ?? 1;
      exact &&= calls !== null;
    }
  }
  return { callsBefore, exact, expiresAt };
}
