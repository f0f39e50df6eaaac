import type { ApiPicture } from '../domain/gaps.ts';
import type { Density } from '../domain/slicing.ts';
import type { TimeRange } from '../domain/time-range.ts';
import type { Walk } from '../domain/walk.ts';
import type { CoverageStore } from './coverage.ts';
import type { WalkStore } from './walks.ts';

export type PictureRooms = { readonly coverage: CoverageStore; readonly walks: Pick<WalkStore, 'open'> };

/** All that decides what to read next of an API, as the ledger tells it. The API's frontiers must be there. */
export function readPicture(rooms: PictureRooms, api: { readonly name: string; readonly number: number }): ApiPicture {
  const { coverage, walks } = rooms;
  const frontiers = coverage.frontiers(api.number);
  const open = walks.open().filter((walk) => walk.api === api.name);
  const originOf = (grade: 'ids' | 'metadata') => frontiers.find((frontier) => frontier.grade === grade)?.origin ?? 0;
  let densities: Density[] | null = null;
  return {
    api: api.name,
    origins: { ids: originOf('ids'), metadata: originOf('metadata') },
    segments: coverage.segments(api.number),
    losses: coverage.lost(api.number),
    refusals: coverage.refusals(api.number),
    // Of all walks ever proven; where nothing is to be planned, nobody asks.
    get densities() {
      return (densities ??= [...coverage.densities(api.number), ...open.flatMap(glimpseOf)]);
    },
    taken: open.map((walk) => walk.range),
    read: open.map(readPart).filter((range) => range.since < range.until),
  };
}

/** What a walk in posted order has passed already: not proven before its end, but no longer ahead. */
function readPart({ range, reading }: Walk): TimeRange {
  const passed = reading.ordered && reading.reading === 1 ? reading.linkPostedAt : null;
  return { since: range.since, until: Math.min(Math.max(passed ?? range.since, range.since), range.until) };
}

function glimpseOf(walk: Walk): Density[] {
  const range = readPart(walk);
  const firstAt = walk.firstPostedAt ?? range.since;
  return range.since < range.until ? [{ ...range, rows: walk.reading.rows, glimpse: true, firstAt }] : [];
}
