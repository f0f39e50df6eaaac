import { z } from 'zod';
import { subtract, union } from '../domain/coverage.ts';
import { MOST_READINGS } from '../domain/evidence.ts';
import type { Grade } from '../domain/task.ts';
import type { TimeRange } from '../domain/time-range.ts';
import { counted } from '../domain/wording.ts';
import { momentInWords, stretchInWords } from './in-words.ts';
import type { Db } from './database.ts';
import type { VerifyScene } from './verify.ts';

/** The server's clock is known to the second, and a later answer may put it back by one or two. */
const CLOCK_GRAIN_SECONDS = 5;

type SegmentRow = {
  readonly api: string;
  readonly api_number: number;
  readonly since: number;
  readonly until: number;
  readonly grade: Grade;
  readonly settled_at: number | null;
  readonly walk: number;
  readonly walk_api: number | null;
  readonly walk_grade: Grade;
  readonly walk_since: number;
  readonly walk_until: number;
  readonly outcome: string | null;
  readonly finished_at: number | null;
  readonly first_page_at: number | null;
  readonly finished_rows: number;
  readonly described_rows: number;
  readonly first_posted_at: number | null;
  readonly last_posted_at: number | null;
  readonly doubtful: string;
  readonly reading: number;
  readonly previous_length: number | null;
  readonly length: number | null;
};

/** Every segment lies where no other does, and within a finished walk that proves so much of it as it claims (I4). */
export function* verifyCoverage({ database, findings }: VerifyScene): Generator<void> {
  const heldOf = metadataEverRead(database);
  let before: SegmentRow | null = null;
  for (const segment of segments(database).iterate()) {
    findings.count('segments');
    const where = stretchInWords(segment);
    if (before?.api === segment.api && before.until > segment.since)
      findings.problem(
        'coverage',
        `${where} is covered twice: the segment before it ends at ${momentInWords(before.until)}.`,
      );
    before = segment;
    for (const text of flawsOfSegment(segment)) findings.problem('coverage', `${where}: ${text}.`);
    if (
      segment.grade === 'metadata' &&
      !readWithMetadata(segment) &&
      subtract([segment], heldOf(segment.api_number)).length > 0
    )
      findings.problem('coverage', `${where} claims metadata, but no walk has read it with metadata.`);
    yield;
  }
  yield* verifyOpenWalks({ database, findings });
}

function flawsOfSegment(segment: SegmentRow): string[] {
  const { walk, since, until, settled_at: settledAt, finished_at: finishedAt } = segment;
  if (segment.walk_api === null) return [`its walk ${walk} does not exist`];
  if (segment.walk_api !== segment.api_number) return [`its walk ${walk} read another API`];
  if (segment.outcome !== 'covered' || finishedAt === null) return [`its walk ${walk} has not proven anything`];
  const flaws: string[] = [];
  if (since < segment.walk_since || until > segment.walk_until)
    flaws.push(
      `its walk ${walk} read only ${momentInWords(segment.walk_since)} to ${momentInWords(segment.walk_until)}`,
    );
  if (segment.first_page_at === null || until > segment.first_page_at)
    flaws.push(`it was not past when its walk ${walk} began to read it`);
  if (settledAt !== null && (settledAt < until || settledAt > finishedAt + CLOCK_GRAIN_SECONDS))
    flaws.push(`it claims to have settled at ${momentInWords(settledAt)}, which its walk ${walk} does not bear out`);
  if (segment.grade === 'ids' && segment.walk_grade === 'metadata' && !isBare(segment))
    flaws.push(`it counts as ids only, though its walk ${walk} read it with metadata`);
  if (leftInDoubt(segment).length > 0) flaws.push(`it contains seconds that its walk ${walk} could not prove`);
  return flaws;
}

/** Listed finished tasks, and none with metadata: its stretch is proven by ids only. */
function isBare({ finished_rows: finished, described_rows: described }: SegmentRow): boolean {
  return finished > 0 && described === 0;
}

function readWithMetadata(segment: SegmentRow): boolean {
  if (segment.walk_grade !== 'metadata') return false;
  const { first_posted_at: first, last_posted_at: last } = segment;
  const beside = first === null || last === null || segment.until <= first || segment.since > last;
  return !isBare(segment) || beside;
}

/** Seconds beside broken links, unless two readings have agreed on the count, or nothing else could be had. */
function leftInDoubt(segment: SegmentRow): TimeRange[] {
  const isCounted = segment.previous_length !== null && segment.previous_length === segment.length;
  if (segment.doubtful === '[]' || isCounted || segment.reading >= MOST_READINGS) return [];
  const proven = subtract([segment], rangesIn(segment.doubtful));
  return subtract([segment], proven);
}

const rangesText = z.array(z.tuple([z.number(), z.number()]));

function rangesIn(text: string): TimeRange[] {
  return rangesText.parse(JSON.parse(text)).map(([since, until]) => ({ since, until }));
}

/** What walks with metadata have ever proven of an API; asked for only where a later reading of ids stands in its place. */
function metadataEverRead(database: Db): (api: number) => readonly TimeRange[] {
  const known = new Map<number, readonly TimeRange[]>();
  return (api) => {
    const cached = known.get(api);
    if (cached !== undefined) return cached;
    let read: TimeRange[] = [];
    let batch: TimeRange[] = [];
    for (const range of database.prepare<[number], TimeRange>(METADATA_READ).iterate(api)) {
      batch.push(range);
      if (batch.length < 1_000) continue;
      read = union([...read, ...batch]);
      batch = [];
    }
    read = union([...read, ...batch]);
    known.set(api, read);
    return read;
  };
}

/** Of a walk that listed finished tasks and none with metadata: what lies beside them, where no task lacks any. */
const METADATA_READ = `with covered as (select * from walk where api = ? and grade = 'metadata' and outcome = 'covered'),
  bare as (select * from covered where finished_rows > 0 and described_rows = 0 and first_posted_at is not null)
  select since, until from covered where finished_rows = 0 or described_rows > 0 or first_posted_at is null
  union all select since, min(first_posted_at, until) from bare where first_posted_at > since
  union all select max(last_posted_at + 1, since), until from bare where last_posted_at + 1 < until`;

function segments(database: Db) {
  return database.prepare<[], SegmentRow>(
    `select ifnull(api.name, segment.api) as api, segment.api as api_number, segment.since, segment.until, segment.grade,
       segment.settled_at, segment.walk, walk.api as walk_api, walk.grade as walk_grade, walk.since as walk_since,
       walk.until as walk_until, walk.outcome, walk.finished_at, walk.first_page_at, walk.finished_rows, walk.described_rows,
       walk.first_posted_at, walk.last_posted_at, walk.doubtful, walk.reading, walk.previous_length, walk.length
     from segment left join api on api.id = segment.api left join walk on walk.id = segment.walk
     order by segment.api, segment.since`,
  );
}

/** What an open walk has listed is kept with it, and dropped with its end. */
function* verifyOpenWalks({ database, findings }: Pick<VerifyScene, 'database' | 'findings'>): Generator<void> {
  const orphans = database.prepare<[], { walk: number; rows: number }>(
    `select walk, count(*) as rows from walk_row
     where walk not in (select id from walk where finished_at is null) group by walk`,
  );
  for (const { walk, rows } of orphans.iterate()) {
    findings.problem(
      'coverage',
      `Walk ${walk} is not open, and ${counted(rows, 'row')} that it listed should not be kept any more.`,
    );
    yield;
  }
  const strangers = database.prepare<[], { walk: number; rows: number }>(
    `select walk, count(*) as rows from walk_row
     where row > 0 and not exists (select 1 from task where n = walk_row.row) group by walk`,
  );
  for (const { walk, rows } of strangers.iterate()) {
    findings.problem(
      'coverage',
      `The open walk ${walk} has listed ${counted(rows, 'task')} that the ledger does not hold.`,
    );
    yield;
  }
}
