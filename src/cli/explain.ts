import { Argument, Option } from 'commander';
import { parseInstant } from '../config/instant.ts';
import { ConfigError } from '../domain/errors.ts';
import type { Question } from '../domain/explanation.ts';
import type { CliCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { explainText } from './explain-text.ts';
import { openFor } from './open.ts';
import { shownLines } from './shown.ts';

export const explain: CliCommand = {
  name: 'explain',
  usage: 'explain <task id | time>',
  summary: 'which call covered it and when, or why none did',
  details: `A time is ISO 8601, "2026-03-01 12:57:46", "2026-03-01" or epoch seconds, UTC, or so long
ago like 12h or 30d; everything else is the id of a task. Makes no call, needs no credentials, and works beside a running
daemon. Exits with 1 when the ledger does not hold the task, with 2 when what was typed is neither.`,
  examples: ['explain 2026-03-01 12:57:46', 'explain 01262030-4426-0139-0000-50c0b9a6c886 --json'],
  settings: 'of_the_ledger',
  operands: [new Argument('<what...>', 'the id of a task, or a time')],
  options: [new Option('--json', 'all of it as JSON')],
  act: async (typed, deps) => {
    const { app } = await openFor(typed, deps, { credentials: false });
    const what = typed.operands.join(' ').trim();
    const explanation = app.explain(questionOf(what, deps.clock.now()));
    if (explanation.kind === 'task' && explanation.task === null && !ID.test(what)) throw notUnderstood(what);
    const asJson = typed.options['json'] === true;
    const told = () => shownLines(explainText(explanation, deps.commandName));
    deps.stdout.write(`${asJson ? JSON.stringify(explanation, null, 2) : told()}\n`);
    return explanation.kind === 'task' && explanation.task === null ? EXIT.failed : EXIT.done;
  },
};

function questionOf(what: string, now: number): Question {
  const at = parseInstant(what, now);
  return at === null ? { kind: 'task', id: what } : { kind: 'moment', at };
}

/** As DataForSEO gives them today; the ledger is asked for any other text first. */
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function notUnderstood(what: string): ConfigError {
  return new ConfigError([
    `${JSON.stringify(what)} is no time and not the id of a task. A time is written like 2026-03-01, "2026-03-01 12:57:46", 2026-03-01T12:57:46Z or 1772369866 (epoch seconds), UTC, or as so long ago: 12h, 30d; an id like 01262030-4426-0139-0000-50c0b9a6c886.`,
  ]);
}
