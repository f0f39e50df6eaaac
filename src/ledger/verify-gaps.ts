import type { ApiPicture } from '../domain/gaps.ts';
import { differingGaps, type RecordedGap } from '../domain/recorded-gaps.ts';
import type { Grade } from '../domain/task.ts';
import type { Db } from './database.ts';
import { stretchInWords } from './in-words.ts';
import { toMs, toSeconds } from './seconds.ts';
import { readPictures } from './snapshot.ts';
import type { VerifyScene } from './verify.ts';

type StretchRow = { readonly since: number; readonly until: number; readonly grade: Grade };

/** What people see as gaps is window minus coverage minus losses, as of the moment at which it was written. */
export function* verifyGaps({ database, findings, apis }: VerifyScene): Generator<void> {
  const asOf = recordedAt(database);
  if (asOf === null) return;
  for (const picture of readPictures(database, apis)) {
    const gaps = stretches(
      database,
      'select since, until, grade from gap where api = (select id from api where name = ?)',
      picture.api,
    );
    findings.count('gaps', gaps.length);
    const differing = differingGaps(picture, {
      gaps,
      asOf: toMs(asOf),
      upper: wantedUntil(database, { picture, gaps, asOf }),
      since: newerThan(database, picture.api, asOf),
    });
    for (const { grade, unrecorded, untrue } of differing) {
      const where = ({ since, until }: { since: number; until: number }) =>
        `the ${grade} of ${stretchInWords({ api: picture.api, since: toSeconds(since), until: toSeconds(until) })}`;
      for (const range of unrecorded)
        findings.problem('gaps', `Neither covered nor lost nor shown as a gap is ${where(range)}.`);
      for (const range of untrue)
        findings.problem('gaps', `Shown as a gap, though covered or lost, is ${where(range)}.`);
    }
    yield;
  }
}

/** Without a gap there is no word on when that was so; a walk that ends has stock taken. */
function recordedAt(database: Db): number | null {
  const newest = (sql: string) => database.prepare<[], number | null>(sql).pluck().get() ?? null;
  return newest('select max(as_of) from gap') ?? newest('select max(finished_at) from walk');
}

/** A backfill fixes the end of what it wants, and does not write it down: it is not before what was covered or wanted then. */
function wantedUntil(database: Db, of: { picture: ApiPicture; gaps: readonly RecordedGap[]; asOf: number }): number {
  const covered = database
    .prepare<[string, number], number | null>(
      `select max(segment.until) from segment join walk on walk.id = segment.walk
       where segment.api = (select id from api where name = ?) and walk.finished_at <= ?`,
    )
    .pluck()
    .get(of.picture.api, of.asOf);
  return Math.max(toMs(covered ?? 0), ...of.gaps.map((gap) => gap.until));
}

function newerThan(database: Db, api: string, asOf: number): RecordedGap[] {
  const own = 'api = (select id from api where name = ?)';
  const read = stretches(
    database,
    `select since, until, grade from segment where ${own} and walk in (select id from walk where finished_at >= ${asOf})`,
    api,
  );
  const lost = stretches(
    database,
    `select since, until, grade from loss where ${own} and lost_at >= ${asOf} - 3600 and regained_at is null`,
    api,
  );
  // Metadata includes ids.
  return [...read, ...lost, ...read.map((range): RecordedGap => ({ ...range, grade: 'ids' }))];
}

function stretches(database: Db, sql: string, api: string): RecordedGap[] {
  return database
    .prepare<[string], StretchRow>(sql)
    .all(api)
    .map(({ since, until, grade }) => ({ since: toMs(since), until: toMs(until), grade }));
}
