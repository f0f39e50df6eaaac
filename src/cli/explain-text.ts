import type {
  CallMade,
  Covering,
  Explanation,
  FirstListing,
  Lack,
  MomentOfApi,
  TaskStory,
} from '../domain/explanation.ts';
import { count, counted, duration, instant } from './format.ts';

/** Of the calls of a walk so many are told; `--json` has them all. */
const MOST_SHOWN = 5;

/** What is known of a task or a moment, for people. */
export function explainText(explanation: Explanation, commandName: string): readonly string[] {
  switch (explanation.kind) {
    case 'moment':
      return [`${instant(explanation.moment)} UTC`, ...explanation.apis.flatMap(momentText)];
    case 'task':
      return explanation.task === null
        ? unknownText(explanation.id, commandName)
        : taskText(explanation.id, explanation.task);
  }
}

function unknownText(id: string, commandName: string): string[] {
  return [
    `The ledger holds no task ${id}.`,
    'Where a stretch is covered, every task that the server listed is in the ledger. So this one was posted in a stretch that is',
    'not covered, has not been listed yet, is of another account or API, or never was. An id does not tell when its task was',
    'posted, so which stretch would have shown it is not known. With its time:',
    `  ${commandName} explain '2026-03-01 12:57:46'`,
    `What is not covered: ${commandName} status`,
  ];
}

function momentText({ api, covered, lack }: MomentOfApi): string[] {
  const lacking = lack === null ? [] : [`${api}: ${covered === null ? 'not covered' : 'and yet'}, ${lackText(lack)}`];
  return covered === null ? lacking : [...coveringText(api, covered), ...lacking];
}

function coveringText(api: string, covered: Covering): string[] {
  const { since, until, grade, settledAt, readAt, walk, purpose, walkSince, walkUntil, rows, digest, doubts, calls } =
    covered;
  const what = grade === 'metadata' ? 'with metadata' : 'without parameters and tags';
  const settled = settledAt === null ? 'not settled yet, to be read once more' : `settled ${instant(settledAt)}`;
  const doubted = doubts === 0 ? '' : `; ${counted(doubts, 'doubt')}`;
  return [
    `${api}: covered ${what} from ${instant(since)} to ${instant(until)}, read ${instant(readAt)}, ${settled}`,
    `  walk ${walk} (${purpose}) read ${instant(walkSince)} to ${instant(walkUntil)}: ${counted(rows, 'task')}, digest ${digest}${doubted}`,
    ...callsText(calls),
  ];
}

function callsText(calls: readonly CallMade[]): string[] {
  if (calls.length === 0) return ['  its calls are no longer kept one by one'];
  const rest = calls.length - MOST_SHOWN;
  return [
    ...calls.slice(0, MOST_SHOWN).map(callText),
    ...(rest > 0 ? [`  … and ${counted(rest, 'more call', 'more calls')}`] : []),
  ];
}

function callText({ id, answeredAt, offset, rows }: CallMade): string {
  return `  call ${id}, answered ${instant(answeredAt)}: ${counted(rows ?? 0, 'row')} from row ${count(offset)} on`;
}

function lackText(lack: Lack): string {
  switch (lack.kind) {
    case 'future':
      return 'it lies in the future';
    case 'too_young':
      return `too young: it can be read from ${instant(lack.readableAt)} on`;
    case 'never_read':
      return 'this ledger has never read this API';
    case 'before_origin':
      return `before this ledger began: what is older than ${instant(lack.origin)} could not be read any more`;
    case 'left':
      return 'it has left the window';
    case 'lost':
      return `${whatOf(lack.grade)} lost: ${lack.reason} (${instant(lack.lostAt)})`;
    case 'being_read':
      return `${whatOf(lack.grade)} being read by walk ${lack.walk}${lack.failure === null ? '' : `, which failed last: ${lack.failure}`}`;
    case 'gap':
      return gapText(lack);
  }
}

function whatOf(grade: 'ids' | 'metadata'): string {
  return grade === 'metadata' ? 'its metadata is' : 'its ids are';
}

function gapText(gap: Extract<Lack, { kind: 'gap' }>): string {
  const { grade, since, until, callsBefore, etaSeconds, exact, expiresAt } = gap;
  const calls = `${exact ? '' : 'at least '}${counted(callsBefore, 'call')} (${duration(etaSeconds)})`;
  return `${whatOf(grade)} not read yet: in the gap from ${instant(since)} to ${instant(until)}, its turn comes after ${calls}; it expires at ${instant(expiresAt)}`;
}

function taskText(id: string, task: TaskStory): string[] {
  const cost = task.cost === null ? 'cost unknown' : `${task.cost} dollars`;
  const unsaid = task.metadataState === 'held' ? 'none' : 'unknown';
  return [
    id,
    `  ${task.api}, ${task.endpoint}: posted ${instant(task.postedAt)}, done ${instant(task.doneAt)}`,
    `  ${task.state} (status ${task.status ?? 'unknown'}), ${cost}`,
    `  metadata ${task.metadataState}, tag ${task.tag ?? unsaid}, target ${task.target ?? unsaid}`,
    `  first seen ${instant(task.firstSeenAt)} ${listingText(task.firstListed)}`,
    ...changesText(task),
    ...task.doubts.map(({ kind, seenAt, detail }) => `  doubt of ${instant(seenAt)}: ${kind}, ${detail}`),
    'The second in which it was posted:',
    ...momentText(task.posted),
  ];
}

function listingText(first: FirstListing | null): string {
  if (first === null) return 'by a call that is no longer kept';
  const ids = first.calls.map((call) => call.id);
  const calls = ids.length === 1 ? `call ${String(ids[0])}` : `one of the calls ${ids.join(', ')}`;
  return `by walk ${first.walk} (${first.purpose}), ${calls}`;
}

function changesText({ changedAt, changes }: TaskStory): string[] {
  if (changedAt === null) return ['  as it was then'];
  return [
    `  last changed ${instant(changedAt)}`,
    ...changes.map(
      (change) =>
        `  - ${instant(change.seenAt)}: ${change.field} ${valueText(change.old)} became ${valueText(change.new)}`,
    ),
  ];
}

function valueText(value: string | null): string {
  return value === null ? 'nothing' : `"${value}"`;
}
