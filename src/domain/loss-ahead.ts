import { ahead, type ApiPicture, type Gap } from './gaps.ts';
import { backlogOf, type Cutting } from './plan.ts';
import type { Walk } from './walk.ts';

/** A stretch that leaves its window unread as things are, and why; its first second leaves at `expiresAt`. */
export type LossAhead = Gap & { readonly reason: string };

export type Outlook = {
  /** Why nothing of an API is read at the moment; null where it is. */
  readonly blocked: (api: string) => string | null;
  /** Walks that have failed and wait for another try. */
  readonly failing: readonly Walk[];
};

const DAY = 86_400_000;

export const TOO_MUCH = 'more must be read before it expires than the budget allows';

/**
 * What will be lost: what the budget cannot read in time, however far ahead that is, and what leaves within a day while nobody
 * reads its API or its reading fails. The earliest first.
 */
export function lossesAhead(pictures: readonly ApiPicture[], cutting: Cutting, outlook: Outlook): LossAhead[] {
  const foretold = backlogOf(pictures, cutting).willExpire.map((gap) => ({ ...gap, reason: TOO_MUCH }));
  const soon = pictures
    .flatMap((picture) => ahead(picture, cutting.upper, cutting.now))
    .filter((gap) => isSoon(gap, cutting.now));
  const blocked = soon.flatMap((gap) => {
    const reason = outlook.blocked(gap.api);
    return reason === null ? [] : [{ ...gap, reason }];
  });
  const failing = soon.flatMap((gap) => {
    const walk = outlook.failing.find((each) => isOf(each, gap));
    const reason = walk?.failure ?? null;
    return reason === null || outlook.blocked(gap.api) !== null
      ? []
      : [{ ...gap, reason: `it cannot be read: ${reason}` }];
  });
  return withoutRepeats([...blocked, ...failing, ...foretold]).sort((a, b) => a.expiresAt - b.expiresAt);
}

/** Of all that will be lost, what leaves within a day: somebody should hear of it now. */
export function isSoon({ expiresAt }: Pick<Gap, 'expiresAt'>, now: number): boolean {
  return expiresAt - now < DAY;
}

function isOf(walk: Walk, gap: Gap): boolean {
  const isThere = walk.range.since < gap.until && walk.range.until > gap.since;
  return walk.api === gap.api && walk.grade === gap.grade && walk.failures > 0 && isThere;
}

/** Of the same beginning only the first, whose reason is the nearer one. */
function withoutRepeats(losses: readonly LossAhead[]): LossAhead[] {
  const keyOf = ({ api, grade, since }: LossAhead) => `${api} ${grade} ${since}`;
  const firsts = new Map<string, LossAhead>();
  for (const loss of losses) if (!firsts.has(keyOf(loss))) firsts.set(keyOf(loss), loss);
  return [...firsts.values()];
}
