import { createChart } from './charts.ts';
import { say } from './dom.ts';
import { count, counted, mark } from './format.ts';

export type Calls = {
  readonly at: string;
  readonly mostInAMinute: number;
  readonly minutes: readonly { readonly at: string; readonly calls: number; readonly failed: number }[];
};

const MINUTES = 60;
let chart: ReturnType<typeof createChart> | null = null;

/** The calls of the last hour against the cap, minute by minute. */
export function showBudget(calls: Calls): void {
  const { times, values } = callsByMinute(calls);
  chart ??= createChart({ id: 'budget-chart', write: mark, whole: true, cap: calls.mostInAMinute, step: 60 });
  chart.show(times, values);
  const { lead, note } = budgetWords(calls);
  say('budget-lead', lead);
  say('budget-note', note);
}

type ByMinute = { readonly times: readonly number[]; readonly values: readonly number[] };

/** The last sixty minutes, the one that runs among them; none is left out. Times are epoch seconds. */
function callsByMinute({ at: now, minutes }: Calls): ByMinute {
  const last = Math.floor(Date.parse(now) / 60_000) * 60;
  const times = Array.from({ length: MINUTES }, (_, index) => last - (MINUTES - 1 - index) * 60);
  const byMinute = new Map(minutes.map((minute) => [Date.parse(minute.at) / 1000, minute]));
  return { times, values: times.map((time) => byMinute.get(time)?.calls ?? 0) };
}

export function budgetWords(calls: Calls): { readonly lead: string; readonly note: string } {
  const { mostInAMinute, minutes } = calls;
  const { times, values } = callsByMinute(calls);
  const total = values.reduce((sum, each) => sum + each, 0);
  const failed = minutes
    .filter((minute) => times.includes(Date.parse(minute.at) / 1000))
    .reduce((sum, minute) => sum + minute.failed, 0);
  // Times are whole seconds by the server's clock: the exact figure is that of the status, by this machine's own.
  const isShifted = Math.max(...values) > mostInAMinute;
  const shifted = isShifted ? '; a call at the turn of a minute may show in the one beside it' : '';
  return {
    lead: `${count(total)} of ${counted(Math.round(mostInAMinute * MINUTES), 'call')} in the last hour`,
    note: `The cap is ${count(mostInAMinute)} in any minute (dashed)${shifted}. ${failedWords(failed, total)}`,
  };
}

function failedWords(failed: number, total: number): string {
  if (total === 0) return 'No call was made.';
  return failed === 0 ? 'None failed.' : `${counted(failed, 'call')} failed.`;
}
