import type { CallMade, Covering, Lack, MomentOfApi } from '../domain/explanation.ts';
import type { ApiPicture } from '../domain/gaps.ts';
import { placeOf, type Place } from '../domain/place-in-time.ts';
import type { Cutting } from '../domain/plan.ts';
import { turnOf } from '../domain/turn.ts';
import type { Db } from './database.ts';
import { isoOf, isoOrNull } from './in-words.ts';
import { toSeconds, toSecondsOrNull } from './seconds.ts';
import { readPictures } from './snapshot.ts';

export type ExplainScene = {
  readonly database: Db;
  /** All that this ledger has begun to read, and what the settings name. */
  readonly apis: readonly string[];
  readonly pictures: readonly ApiPicture[];
  readonly cutting: Cutting;
  readonly lagMs: number;
};

export function openScene(
  database: Db,
  terms: { apis: readonly string[]; lagMs: number; cutting: Cutting },
): ExplainScene {
  const begun = database
    .prepare<[], string>('select name from api where id in (select api from frontier) order by name')
    .pluck()
    .all();
  const apis = [...new Set([...terms.apis, ...begun])];
  return { database, apis, pictures: readPictures(database, apis), cutting: terms.cutting, lagMs: terms.lagMs };
}

/** What covers a second of an API, or why nothing does. @param at - Epoch ms. */
export function explainMoment(scene: ExplainScene, api: string, at: number): MomentOfApi {
  const picture = scene.pictures.find((each) => each.api === api);
  if (picture === undefined) return { api, covered: null, lack: { kind: 'never_read' } };
  const { segment, lack } = placeOf(picture, at, { now: scene.cutting.now, lagMs: scene.lagMs });
  return {
    api,
    covered: segment === null ? null : coveringOf(scene.database, segment),
    lack: lack === null ? null : tellLack(scene, { picture, lack, at }),
  };
}

function tellLack(
  scene: ExplainScene,
  of: { picture: ApiPicture; lack: NonNullable<Place['lack']>; at: number },
): Lack {
  const { lack, picture, at } = of;
  switch (lack.kind) {
    case 'future':
    case 'left':
      return { kind: lack.kind };
    case 'too_young':
      return { kind: 'too_young', readableAt: isoOf(toSeconds(lack.readableAt)) };
    case 'before_origin':
      return { kind: 'before_origin', origin: isoOf(toSeconds(lack.origin)) };
    case 'lost':
      return lostAt(scene.database, { api: picture.api, grade: lack.grade, at });
    case 'being_read':
      return beingRead(scene.database, { api: picture.api, at });
    case 'gap': {
      const { callsBefore, exact, expiresAt } = turnOf(scene.pictures, { gap: lack.gap, at }, scene.cutting);
      const { grade, since, until } = lack.gap;
      const { periodMs, tokens } = scene.cutting.policy;
      return {
        kind: 'gap',
        grade,
        since: isoOf(toSeconds(since)),
        until: isoOf(toSeconds(until)),
        callsBefore,
        etaSeconds: Math.ceil((callsBefore * periodMs) / tokens / 1000),
        exact,
        expiresAt: isoOf(toSeconds(expiresAt)),
      };
    }
  }
}

type OfMoment = { readonly api: string; readonly at: number };

function lostAt(database: Db, { api, grade, at }: OfMoment & { grade: 'ids' | 'metadata' }): Lack {
  const loss = database
    .prepare<[string, string, number, number], { lost_at: number; reason: string }>(
      `select lost_at, reason from loss where api = (select id from api where name = ?) and grade = ? and since <= ? and until > ?
         and regained_at is null order by lost_at limit 1`,
    )
    .get(api, grade, toSeconds(at), toSeconds(at));
  return { kind: 'lost', grade, lostAt: isoOf(loss?.lost_at ?? 0), reason: loss?.reason ?? '' };
}

function beingRead(database: Db, { api, at }: OfMoment): Lack {
  const walk = database
    .prepare<[string, number, number], { id: number; grade: 'ids' | 'metadata'; failure: string | null }>(
      `select id, grade, failure from walk where finished_at is null and api = (select id from api where name = ?)
       and since <= ? and until > ? order by grade desc limit 1`,
    )
    .get(api, toSeconds(at), toSeconds(at));
  if (walk === undefined) throw new Error(`No open walk of ${api} reads ${at}.`);
  return { kind: 'being_read', grade: walk.grade, walk: walk.id, failure: walk.failure };
}

type WalkRow = {
  readonly id: number;
  readonly purpose: string;
  readonly since: number;
  readonly until: number;
  readonly finished_at: number;
  readonly rows: number;
  readonly length: number;
  readonly digest: string;
  readonly doubts: number;
  readonly first_call: number;
  readonly last_call: number;
};

function coveringOf(database: Db, segment: ApiPicture['segments'][number]): Covering {
  const walk = database
    .prepare<[number], WalkRow>(
      `select id, purpose, since, until, finished_at, ifnull(distinct_rows, 0) as rows, ifnull(length, 0) as length,
         ifnull(digest, '') as digest, doubts, ifnull(first_call, 0) as first_call, ifnull(last_call, 0) as last_call
       from walk where id = ?`,
    )
    .get(segment.walkId);
  if (walk === undefined) throw new Error(`There is no walk ${segment.walkId}.`);
  return {
    since: isoOf(toSeconds(segment.since)),
    until: isoOf(toSeconds(segment.until)),
    grade: segment.grade,
    settledAt: isoOrNull(toSecondsOrNull(segment.settledAt)),
    readAt: isoOf(walk.finished_at),
    walk: walk.id,
    purpose: walk.purpose,
    walkSince: isoOf(walk.since),
    walkUntil: isoOf(walk.until),
    rows: walk.rows,
    length: walk.length,
    digest: walk.digest,
    doubts: walk.doubts,
    calls: callsOfWalk(database, walk),
  };
}

export type CallRow = {
  readonly id: number;
  readonly sent_at: number;
  readonly answered_at: number | null;
  readonly row_offset: number;
  readonly rows: number | null;
};

function callsOfWalk(database: Db, walk: WalkRow): CallMade[] {
  return database
    .prepare<[number, number, number], CallRow>(
      `select id, sent_at, answered_at, row_offset, rows from call
       where id between ? and ? and walk = ? and row_limit > 1 and code is 20000 and rows is not null order by id`,
    )
    .all(walk.first_call, walk.last_call, walk.id)
    .map(callMade);
}

export function callMade({
  id,
  sent_at: sentAt,
  answered_at: answeredAt,
  row_offset: offset,
  rows,
}: CallRow): CallMade {
  return { id, sentAt: isoOf(sentAt), answeredAt: isoOrNull(answeredAt), offset, rows };
}
