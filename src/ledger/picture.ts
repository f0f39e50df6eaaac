import type { ApiPicture } from '../domain/plan.ts';
import type { CoverageStore } from './coverage.ts';
import type { WalkStore } from './walks.ts';

export type PictureRooms = { readonly coverage: CoverageStore; readonly walks: Pick<WalkStore, 'open'> };

/** All that decides what to read next of an API, as the ledger tells it. The API's frontiers must be there. */
export function readPicture(rooms: PictureRooms, api: { readonly name: string; readonly number: number }): ApiPicture {
  const { coverage, walks } = rooms;
  const frontiers = coverage.frontiers(api.number);
  const originOf = (grade: 'ids' | 'metadata') => frontiers.find((frontier) => frontier.grade === grade)?.origin ?? 0;
  return {
    api: api.name,
    origins: { ids: originOf('ids'), metadata: originOf('metadata') },
    segments: coverage.segments(api.number),
    losses: coverage.losses(api.number),
    refusals: coverage.refusals(api.number),
    densities: coverage.densities(api.number),
    taken: walks
      .open()
      .filter((walk) => walk.api === api.name)
      .map((walk) => walk.range),
  };
}
