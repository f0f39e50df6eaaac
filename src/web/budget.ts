import { createChart } from './charts.ts';
import { at, say } from './dom.ts';
import { count, counted } from './format.ts';

export type Calls = {
  readonly at: string;
  readonly mostInAMinute: number;
  readonly minutes: readonly { readonly at: string; readonly calls: number; readonly failed: number }[];
};

const MINUTES = 60;
let chart: ReturnType<typeof createChart> | null = null;

/** The calls of the last hour against the cap, minute by minute. */
export function showBudget({ at: now, mostInAMinute, minutes }: Calls): void {
  const last = Math.floor(Date.parse(now) / 60_000) * 60;
  const times = Array.from({ length: MINUTES }, (_, index) => last - (MINUTES - 1 - index) * 60);
  const byMinute = new Map(minutes.map((minute) => [Date.parse(minute.at) / 1000, minute]));
  const values = times.map((time) => byMinute.get(time)?.calls ?? 0);
  chart ??= createChart({ id: 'budget-chart', kind: 'bars', write: count, cap: mostInAMinute, step: 60 });
  chart.show(times, values, [times[0] ?? last, last + 60]);
  const total = values.reduce((sum, calls) => sum + calls, 0);
  const failed = minutes.reduce((sum, minute) => sum + minute.failed, 0);
  // Times are whole seconds by the server's clock: the exact figure is that of the status, by this machine's own.
  const isShifted = Math.max(...values) > mostInAMinute;
  const cap = Math.round(mostInAMinute * MINUTES);
  say('budget-lead', `${count(total)} of ${counted(cap, 'call')} in the last hour`);
  say(
    'budget-note',
    `The cap is ${count(mostInAMinute)} in any minute (dashed)${isShifted ? '; a call at the turn of a minute may show in the one beside it' : ''}. ${failed === 0 ? 'None failed.' : `${counted(failed, 'call')} failed.`}`,
  );
  at('budget-chart').title = `${counted(total, 'call')} in the last hour`;
}
