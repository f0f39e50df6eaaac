import { ahead, windowSince, type ApiPicture } from './gaps.ts';

/**
 * Share of the window that is read at its grade, 0 … 1, by time; what open walks have passed counts as read. The one figure of how far
 * a backfill is: the terminal, the log, `status` and the page all tell it.
 *
 * @param upper - The end of what is wanted, exclusive, epoch ms of the server's clock; so is `now`.
 */
export function coveredShare(pictures: readonly ApiPicture[], upper: number, now: number): number {
  let missing = 0;
  let whole = 0;
  for (const picture of pictures) {
    missing += ahead(picture, upper, now).reduce((sum, gap) => sum + gap.until - gap.since, 0);
    const since = Math.min(windowSince(picture, 'ids', now), windowSince(picture, 'metadata', now));
    whole += Math.max(upper - since, 1);
  }
  return whole === 0 ? 1 : Math.min(Math.max(1 - missing / whole, 0), 1);
}
