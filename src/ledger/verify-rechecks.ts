import { subtract } from '../domain/coverage.ts';
import type { TimeRange } from '../domain/time-range.ts';
import { stretchInWords } from './in-words.ts';
import type { VerifyScene } from './verify.ts';

type Row = TimeRange & {
  readonly api: string;
  readonly number: number;
  readonly due_at: number;
  readonly walk: number;
  readonly walk_api: number | null;
  readonly walk_since: number;
  readonly walk_until: number;
  readonly outcome: string | null;
  readonly first_page_at: number | null;
};

/** Every stretch that waits for another reading was read by the walk that asked for it, is covered, and waits once. */
export function* verifyRechecks({ database, findings }: VerifyScene): Generator<void> {
  const rows = database.prepare<[], Row>(
    `select ifnull(api.name, recheck.api) as api, recheck.api as number, recheck.since, recheck.until, recheck.due_at,
       recheck.walk, walk.api as walk_api, walk.since as walk_since, walk.until as walk_until, walk.outcome, walk.first_page_at
     from recheck left join api on api.id = recheck.api left join walk on walk.id = recheck.walk
     order by recheck.api, recheck.since`,
  );
  const segments = database.prepare<[number, number, number], TimeRange>(
    'select since, until from segment where api = ? and since < ? and until > ?',
  );
  let before: Row | null = null;
  for (const row of rows.iterate()) {
    const covered = segments.all(row.number, row.until, row.since);
    for (const text of flawsOf(row, before, covered))
      findings.problem('coverage', `The next reading of ${stretchInWords(row)} ${text}.`);
    before = row;
    yield;
  }
}

function flawsOf(row: Row, before: Row | null, covered: readonly TimeRange[]): string[] {
  const flaws: string[] = [];
  if (before?.number === row.number && before.until > row.since) flaws.push('is planned twice');
  if (subtract([row], covered).length > 0) flaws.push('is planned though it is not covered');
  const isOfItsWalk = row.walk_api === row.number && row.walk_since <= row.since && row.walk_until >= row.until;
  if (!isOfItsWalk || row.outcome !== 'covered') flaws.push(`is planned by walk ${row.walk}, which did not prove it`);
  else if (row.first_page_at !== null && row.due_at <= row.first_page_at)
    flaws.push('is planned for a time before the reading that asked for it');
  return flaws;
}
