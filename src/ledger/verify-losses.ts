import { union } from '../domain/coverage.ts';
import type { Grade } from '../domain/task.ts';
import { momentInWords, stretchInWords } from './in-words.ts';
import { UNSETTLED } from './frontiers.ts';
import type { VerifyScene } from './verify.ts';

type LossRow = {
  readonly api: string;
  readonly api_number: number;
  readonly since: number;
  readonly until: number;
  readonly grade: Grade;
  readonly lost_at: number;
  readonly reason: string;
  /** The walk that has it after all does not show that; 0 or 1. */
  readonly unfounded: number;
  readonly regained_by: number | null;
  readonly accounted_until: number | null;
};

/** What is on record as lost lies in the past that is accounted for, and had not been read by then (I7). */
export function* verifyLosses({ database, findings }: VerifyScene): Generator<void> {
  const losses = database.prepare<[], LossRow>(
    `select api.name as api, loss.api as api_number, loss.since, loss.until, loss.grade, loss.lost_at, loss.reason,
       frontier.accounted_until, loss.regained_by, loss.regained_at is not null and not exists (
         select 1 from walk where id = loss.regained_by and walk.api = loss.api and outcome = 'covered' and grade = 'metadata'
           and described_rows > 0 and walk.since <= loss.since and walk.until >= loss.until) as unfounded
     from loss join api on api.id = loss.api left join frontier on frontier.api = loss.api and frontier.grade = loss.grade
     order by loss.id`,
  );
  const held = database.prepare<
    [number, number, number, string, number],
    { since: number; until: number; walk: number }
  >(
    `select segment.since, segment.until, segment.walk from segment join walk on walk.id = segment.walk
     where segment.api = ? and segment.since < ? and segment.until > ? and (? = 'ids' or segment.grade = 'metadata')
       and walk.finished_at < ? order by segment.since`,
  );
  for (const loss of losses.iterate()) {
    findings.count('losses');
    const where = `the ${loss.grade} of ${stretchInWords(loss)}`;
    const end = endOfPast(loss);
    if (end !== null && loss.until > end)
      findings.problem(
        'losses',
        `On record as lost is ${where}, but only what is before ${momentInWords(end)} can be lost.`,
      );
    if (loss.unfounded === 1)
      findings.problem(
        'losses',
        `Of ${where} the record of its loss claims to be had after all, which its walk ${String(loss.regained_by)} does not bear out.`,
      );
    // That one had been read: what came late there is lost. And of one that is taken back the clock may have gone back meanwhile.
    if (loss.reason === UNSETTLED || loss.regained_by !== null) continue;
    for (const range of union(held.all(loss.api_number, loss.until, loss.since, loss.grade, loss.lost_at)))
      findings.problem(
        'losses',
        `On record as lost at ${momentInWords(loss.lost_at)} is ${where}, but ${stretchInWords({ ...loss, ...range })} had been read by then.`,
      );
    yield;
  }
}

/** Losses of this reason follow the edge of the window, up to where they are accounted for; others lie where a walk has read. */
function endOfPast(loss: LossRow): number | null {
  return loss.reason.startsWith('left the window') ? loss.accounted_until : null;
}
