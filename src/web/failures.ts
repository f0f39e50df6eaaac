import type { CostRow } from '../domain/report.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { asFarAsRead, costTable, type Costs } from './costs.ts';
import { at, draw, foreign, h, say } from './dom.ts';
import { counted, moment } from './format.ts';
import { statusInWords } from './status-words.ts';

/** What stands above the failed tasks, or alone. */
export function failedTasks(tasks: number, complete: boolean): string {
  if (tasks > 0) return asFarAsRead(`${counted(tasks, 'task')} failed`, { complete });
  return `${asFarAsRead('No task on record has failed', { complete })}.`;
}

/** The failed tasks by status. @param since - From which day on. */
export function showFailures(costs: Costs, since: string): void {
  draw(at('failures'), [costs, since], () => {
    const words = failedTasks(costs.totals.tasks, costs.complete);
    if (costs.rows.length === 0) return [h('p', { class: 'empty' }, words)];
    const named = costs.rows.map((row: CostRow) => ({ name: statusOf(row), row }));
    const link = h(
      'p',
      { class: 'note' },
      h('a', { href: `/tasks?state=failed&since=${since}` }, 'Look at the tasks that failed'),
    );
    return [costTable(words, 'Status', named), link];
  });
}

function statusOf({ status }: CostRow): HTMLElement {
  return foreign(statusInWords(status ?? null), 'no status', 90);
}

export function showLastFailure(snapshot: Snapshot): void {
  say('last-failure', lastFailureWords(snapshot));
}

/** What DataForSEO said is not repeated where it already stands above as the reason. */
export function lastFailureWords({ lastFailure, reason }: Pick<Snapshot, 'lastFailure' | 'reason'>): string {
  if (lastFailure === null) return 'No call to DataForSEO has failed.';
  const { code, message, at: failedAt } = lastFailure;
  const said = message === '' ? (statusInWords(code) ?? code).slice(code.length).trim() : withoutStop(message);
  const isKnown = said === '' || reason.includes(said);
  return `The last call to DataForSEO that failed: ${code} at ${moment(failedAt)}${isKnown ? '' : ` (${said})`}.`;
}

function withoutStop(text: string): string {
  return text.replace(/[.\s]+$/, '');
}
