import type Database from 'better-sqlite3';
import { claim, iso } from './failure.ts';
import { firstHole, overlap, type Stretch } from './stretches.ts';

type Graded = Stretch & { readonly grade: 'ids' | 'metadata' };
export type LossRow = Graded & { readonly lost_at: number; readonly reason: string };

export type PartitionScene = {
  readonly database: Database.Database;
  readonly api: string;
  /** Up to here, epoch ms, all must be accounted for; null: only contradictions are looked for. */
  readonly until: number | null;
  /** What begins before this the server has not answered for since long, epoch ms: a walk that waits there will never be read. */
  readonly readableSince: (grade: 'ids' | 'metadata') => number;
};

/** Since the ledger knows an API each second of it is read, a gap or a loss, and never two of these. @returns Its losses. */
export function checkPartition({ database, api, until, readableSince }: PartitionScene): readonly LossRow[] {
  const number = database.prepare<[string], number>('select id from api where name = ?').pluck().get(api);
  if (number === undefined) return [];
  const read = <Row>(sql: string) => database.prepare<[number], Row>(sql).all(number);
  const segments = read<Graded>('select since, until, grade from segment where api = ? order by since');
  const gaps = read<Graded>('select since, until, grade from gap where api = ?');
  const losses = read<LossRow>('select since, until, grade, lost_at, reason from loss where api = ?');
  const open = read<Graded>('select since, until, grade from walk where api = ? and finished_at is null');
  const origins = read<{ grade: 'ids' | 'metadata'; origin: number }>(
    'select grade, origin from frontier where api = ?',
  );
  const of = <Row extends Graded>(list: readonly Row[], grade: string) => list.filter((each) => each.grade === grade);
  for (const grade of ['ids', 'metadata'] as const) {
    const held = grade === 'ids' ? segments : of(segments, grade);
    const twice = (what: string, at: number | null) =>
      claim(at === null, () => `${api}: ${iso((at ?? 0) * 1_000)} is ${what} by ${grade} at the same time.`);
    // The gaps are written a moment after what fills them: a kill in between leaves them as they were.
    if (until !== null) {
      twice('both read and a gap', overlap(held, of(gaps, grade)));
      twice('both a gap and a loss', overlap(of(gaps, grade), of(losses, grade)));
    }
    // Tasks that were listed without metadata may be listed among others that have it later on: the loss stays on record. And what
    // left before it had settled was read, but whatever came late there is lost.
    twice('both read and a loss', overlap(held, of(losses.filter(isOfTheWindow), grade)));
    const origin = origins.find((each) => each.grade === grade)?.origin ?? Infinity;
    if (until === null || origin * 1_000 >= until) continue;
    const accounted = grade === 'ids' ? [...held, ...gaps] : [...held, ...of(gaps, grade)];
    const hole = firstHole({ since: origin, until: Math.floor(until / 1_000) }, [
      ...accounted,
      ...of(losses, grade),
      ...of(open, grade).filter(({ since }) => since * 1_000 >= readableSince(grade)),
    ]);
    claim(hole === null, () => `${api}: ${iso((hole ?? 0) * 1_000)} is neither read nor a gap nor a loss by ${grade}.`);
  }
  return losses;
}

function isOfTheWindow({ reason }: LossRow): boolean {
  return !reason.includes('without metadata') && !reason.includes('before it settled');
}
