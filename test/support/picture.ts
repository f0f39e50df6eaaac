import type { ApiPicture } from '../../src/domain/gaps.ts';

/** An API of which nothing has been read. */
export const EMPTY_PICTURE: ApiPicture = {
  api: 'backlinks',
  origins: { ids: 0, metadata: 0 },
  segments: [],
  losses: [],
  refusals: [],
  densities: [],
  taken: [],
  read: [],
};
