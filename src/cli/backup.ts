import { Argument, Option } from 'commander';
import type { CliCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { bytes, count, counted } from './format.ts';
import { openFor } from './open.ts';
import { progressText } from './verify.ts';
import { createProgressNote } from './progress-note.ts';
import { shown } from './shown.ts';

/** Of a list of contradictions the first few tell what it is about; `verify` names the others. */
const MOST_NAMED = 3;

export const backup: CliCommand = {
  name: 'backup',
  usage: 'backup PATH',
  summary: 'a verified copy of the ledger, made while the daemon writes',
  details: `Copies the ledger as of one moment, verifies the copy as verify does, and only then puts it at PATH, whole or not at all.
Makes no call and never holds up a daemon. A file that is there already is only replaced with --overwrite. The copy is one
file without a log, and may be read anywhere. Exits with 1 when the ledger contradicts itself; the copy is made all the same.`,
  examples: ['backup /backups/ledger-$(date +%F).db', 'backup /backups/ledger.db --overwrite'],
  settings: 'of_the_ledger',
  operands: [new Argument('<path>', 'the file that the copy is to be')],
  options: [new Option('--overwrite', 'replace a file that is there already')],
  act: async (typed, deps) => {
    const { app, config } = await openFor(typed, deps, { credentials: false, atLeast: 'warn' });
    const note = createProgressNote(deps.stderr, deps.clock);
    try {
      const {
        target,
        bytes: size,
        report,
      } = await app.backup(
        {
          target: typed.operands[0] ?? '',
          overwrite: typed.options['overwrite'] === true,
          onCopied: ({ doneBytes, totalBytes }) =>
            note.show(() => `copying: ${bytes(doneBytes)} of ${bytes(totalBytes)}`),
          onVerified: (progress) => note.show(() => progressText(progress)),
        },
        deps.signal,
      );
      note.clear();
      const holds = `${target}: ${bytes(size)}, ${counted(report.verified.tasks, 'task')}, ${counted(report.verified.calls, 'call')}`;
      deps.stdout.write(`${holds}, ${report.ok ? 'verified' : 'a true copy'}.\n`);
      if (report.ok) return EXIT.done;
      const others = report.problems.length + report.moreProblems - MOST_NAMED;
      for (const { text } of report.problems.slice(0, MOST_NAMED)) deps.stdout.write(`- ${shown(text)}\n`);
      deps.stdout.write(
        `${config.databasePath} contradicts itself${others > 0 ? `, in ${count(others)} more places` : ''}: see ${deps.commandName} verify.\n`,
      );
      return EXIT.failed;
    } finally {
      note.clear();
    }
  },
};
