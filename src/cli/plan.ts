import { Option } from 'commander';
import type { Plan } from '../domain/snapshot.ts';
import type { CliCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { counted, duration, instant, table } from './format.ts';
import { openFor } from './open.ts';
import { shownLines } from './shown.ts';

/** More lines help nobody on a terminal; `--json` has them all. */
const MOST_SHOWN = 20;

export const plan: CliCommand = {
  name: 'plan',
  usage: 'plan [--json]',
  summary: 'what a backfill would do now, without any call',
  details: `Shows the gaps, the calls and minutes that they take, and what would leave the window before it can be read. On a
first start nothing is known of how many tasks there are, so the numbers are the least that it can take.`,
  examples: ['plan', 'plan --json'],
  settings: 'of_the_ledger',
  options: [new Option('--json', 'the plan as JSON')],
  act: async (typed, deps) => {
    const { app } = await openFor(typed, deps, { credentials: false });
    const planned = app.plan();
    const text = typed.options['json'] === true ? JSON.stringify(planned, null, 2) : shownLines(planText(planned));
    deps.stdout.write(`${text}\n`);
    return EXIT.done;
  },
};

function planText(planned: Plan): string[] {
  if (planned.slices.length === 0 && planned.willExpire.length === 0) {
    return ['Nothing to read: everything in the window is covered.'];
  }
  return [...summary(planned), '', ...sliceTable(planned), ...expiring(planned)];
}

function summary({ exact, calls, etaSeconds, slices }: Plan): string[] {
  const inAll = slices.reduce((sum, slice) => sum + (slice.calls ?? 0), 0);
  const under = inAll > calls ? ['Of the times below, walks under way have read a part already.'] : [];
  if (exact) return [`${counted(calls, 'call')}, about ${duration(etaSeconds)}.`, ...under];
  return [
    `At least ${counted(calls, 'call')}, at least ${duration(etaSeconds)}; how many tasks there are shows with the first pages.`,
    ...under,
  ];
}

function sliceTable({ slices }: Plan): string[] {
  const rows = slices
    .slice(0, MOST_SHOWN)
    .map((slice) => [
      slice.api,
      slice.grade,
      instant(slice.since),
      instant(slice.until),
      slice.calls === null ? 'unknown' : String(slice.calls),
      instant(slice.expiresAt),
    ]);
  const more = slices.length > MOST_SHOWN ? [`… and ${slices.length - MOST_SHOWN} more (--json shows all)`] : [];
  return [...table(['api', 'grade', 'since (UTC)', 'until', 'calls', 'expires from'], rows), ...more];
}

const READ_IN_TIME = 'All of it is read before it expires, if that begins now.';
const NOT_KNOWN =
  'How many tasks there are is not known yet, and so neither whether all of it is read before it expires.';

function expiring({ exact, willExpire }: Plan): string[] {
  if (willExpire.length === 0) return ['', exact ? READ_IN_TIME : NOT_KNOWN];
  const lines = willExpire.map(
    ({ api, grade, since, until, expiresAt, reason }) =>
      `- ${api}, ${grade}: ${instant(since)} to ${instant(until)}, from ${instant(expiresAt)} on: ${reason}`,
  );
  return ['', 'Will leave the window before it can be read, also if that begins now:', ...lines];
}
