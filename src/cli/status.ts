import { Option } from 'commander';
import type { CliCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openFor } from './open.ts';
import { statusText } from './status-text.ts';
import { shownLines } from './shown.ts';

export const status: CliCommand = {
  name: 'status',
  usage: 'status [--json]',
  summary: 'what the ledger holds and what it lacks',
  details: 'Makes no call, needs no credentials, and works beside a running daemon as well as without one.',
  examples: ['status', 'status --json'],
  settings: 'of_the_ledger',
  options: [new Option('--json', 'the whole snapshot as JSON')],
  act: async (typed, deps) => {
    const { app } = await openFor(typed, deps, { credentials: false });
    const snapshot = app.status();
    const text = typed.options['json'] === true ? JSON.stringify(snapshot, null, 2) : shownLines(statusText(snapshot));
    deps.stdout.write(`${text}\n`);
    return EXIT.done;
  },
};
