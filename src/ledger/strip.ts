import { stripOf, type Strip } from '../domain/strip.ts';
import type { TimeRange } from '../domain/time-range.ts';
import type { Db } from './database.ts';
import { toMs } from './seconds.ts';
import { readPictures } from './snapshot.ts';

/** A doubt that is a point in time is drawn as a second. */
const LEAST_SECONDS = 1;

/** How the window of each API that the ledger has begun to read stands. @param now - The server's clock, epoch ms. */
export function readStrips(
  database: Db,
  { apis, now, lagMs }: { readonly apis: readonly string[]; readonly now: number; readonly lagMs: number },
): Strip[] {
  return database.transaction(() =>
    readPictures(database, apis).map((picture) => stripOf(picture, doubtsOf(database, picture.api), { now, lagMs })),
  )();
}

function doubtsOf(database: Db, api: string): TimeRange[] {
  return database
    .prepare<[number, string], { since: number; until: number }>(
      `select since, max(until, since + ?) as until from doubt
       where api = (select id from api where name = ?) and since is not null and until is not null`,
    )
    .all(LEAST_SECONDS, api)
    .map(({ since, until }) => ({ since: toMs(since), until: toMs(until) }));
}
