import type { RereadReport, RereadSlice, VerifyReport } from '../domain/verification.ts';
import { count, counted, instant } from './format.ts';

/** What a verification found, for people. */
export function verifyText(report: VerifyReport, commandName: string): readonly string[] {
  return [
    ...problemsOf(report),
    ...verdictOf(report),
    ...report.notes.map((note) => `Note: ${note}`),
    ...(report.reread === null ? [] : rereadText(report.reread)),
    ...(report.problems.length === 0 ? [] : adviceOf(report, commandName)),
  ];
}

function problemsOf({ problems, moreProblems }: VerifyReport): string[] {
  if (problems.length === 0) return [];
  return [
    `${counted(problems.length + moreProblems, 'problem')}:`,
    ...problems.map(({ text }) => `- ${text}`),
    ...(moreProblems > 0 ? [`… and ${count(moreProblems)} more of these kinds.`] : []),
    '',
  ];
}

function verdictOf({ verified, problems, at }: VerifyReport): string[] {
  const lead = problems.length === 0 ? 'All agrees' : 'Checked';
  return [
    `${lead}, as of ${instant(at)} UTC: the file, ${counted(verified.tasks, 'task')} (tag and target against the metadata where it is held), ${counted(verified.changes, 'change')} and ${counted(verified.sums, 'sum')};`,
    `${counted(verified.segments, 'covered stretch', 'covered stretches')}, ${counted(verified.gaps, 'gap')} and ${counted(verified.losses, 'loss', 'losses')};`,
    `${counted(verified.walks, 'walk')} with ${counted(verified.calls, 'call')}; ${counted(verified.digests, 'digest')} worked out again from the tasks.`,
  ];
}

/** What a person can do. Sums and evidence are made of tasks, so a backup helps only where tasks are gone. */
function adviceOf({ problems }: VerifyReport, commandName: string): string[] {
  if (problems.some(({ check }) => check === 'file'))
    return ['', 'The file itself is damaged. Stop the daemon, keep a copy of the file, and restore a backup.'];
  if (problems.some(({ check }) => check === 'evidence'))
    return [
      '',
      `Tasks that are gone come back where the server still lists them: ${commandName} verify --reread N. Otherwise restore a backup.`,
    ];
  if (problems.every(({ check }) => check === 'sums'))
    return ['', `Sums are added up anew by ${commandName} verify --reread 1.`];
  return [
    '',
    'Something other than this program has changed the file, or the program has a fault. A backup has the earlier state.',
  ];
}

function rereadText(reread: RereadReport): string[] {
  const mended = reread.sumsMended ? ['The sums of costs were added up anew from the tasks.'] : [];
  return [...slicesText(reread), ...mended];
}

function slicesText({ calls, stretches, slices }: RereadReport): string[] {
  if (slices.length === 0) return ['Nothing was read again: no covered slice is still in the window.'];
  const differing = slices.filter((slice) => outcomeOf(slice).length > 0);
  const parts =
    stretches === slices.length
      ? ''
      : `${count(slices.length)} parts (one within which the month of metadata begins is two) and `;
  const readAgain = `${counted(stretches, 'slice')} read again in ${parts}${counted(calls, 'call')}`;
  if (differing.length === 0) return [`${readAgain}: the same as before.`];
  return [`${readAgain}; ${counted(differing.length, 'differs', 'differ')}:`, ...differing.flatMap(sliceText)];
}

function sliceText(slice: RereadSlice): string[] {
  const { api, grade, since, until, readAt } = slice;
  const where = `${api}, ${grade}, ${instant(since)} to ${instant(until)} (read ${instant(readAt)})`;
  return [`- ${where}: ${outcomeOf(slice).join('; ')}`];
}

function outcomeOf({ failure, newTasks, changedTasks, unlistedTasks, examples }: RereadSlice): string[] {
  const some = (ids: readonly string[], of: number) =>
    ids.length === 0 ? '' : ` (${ids.slice(0, 3).join(', ')}${of > Math.min(ids.length, 3) ? ', …' : ''})`;
  return [
    ...(failure === null ? [] : [`could not be read: ${failure}`]),
    ...(newTasks === 0
      ? []
      : [`${counted(newTasks, 'task')} that the ledger lacked, added${some(examples.new, newTasks)}`]),
    ...(changedTasks === 0
      ? []
      : [`${counted(changedTasks, 'task')} changed, brought up to date${some(examples.changed, changedTasks)}`]),
    ...(unlistedTasks === 0
      ? []
      : [
          `${counted(unlistedTasks, 'known task')} not listed any more, recorded as doubts${some(examples.unlisted, unlistedTasks)}`,
        ]),
  ];
}
