import { Option } from 'commander';
import { z } from 'zod';
import { wholeNumber } from '../config/fields.ts';
import { ConfigError } from '../domain/errors.ts';
import type { VerifyProgress } from '../domain/verification.ts';
import type { CliCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { count, counted } from './format.ts';
import { openFor } from './open.ts';
import { createProgressNote } from './progress-note.ts';
import { verifyText } from './verify-text.ts';
import { shown, shownLines } from './shown.ts';

export const verify: CliCommand = {
  name: 'verify',
  usage: 'verify [--reread N]',
  summary: 'hold file, rows, evidence, calls and coverage against each other',
  details: `Makes no call, changes nothing and works beside a running daemon; names every problem and then exits with 1. With
--reread N it also walks the N slices with the oldest evidence again, which takes credentials and the ledger for itself:
what differs is repaired or recorded, named, and ends with 1 too. Digests are of ids alone: a cost or a parameter that somebody
has altered together with its sums shows only by --reread, while DataForSEO still lists it.`,
  examples: ['verify', 'verify --json', 'verify --reread 20'],
  settings: 'of_calls',
  options: [
    new Option('--reread <n>', 'read so many slices again and compare'),
    new Option('--json', 'the whole report as JSON'),
  ],
  act: async (typed, deps) => {
    const reread = readCount(typed.options);
    const { app } = await openFor(typed, deps, { credentials: reread > 0, atLeast: 'warn' });
    const progress = createProgressNote(deps.stderr, deps.clock);
    const onProgress = (at: VerifyProgress) => progress.show(() => progressText(at));
    try {
      const report = await app.verify({ reread, onProgress }, deps.signal);
      progress.clear();
      const asJson = typed.options['json'] === true;
      const text = asJson ? JSON.stringify(report, null, 2) : shownLines(verifyText(report, deps.commandName));
      deps.stdout.write(`${text}\n`);
      return report.ok ? EXIT.done : EXIT.failed;
    } finally {
      progress.clear();
    }
  },
};

/** A slice of a year of tail reads: nobody waits for so many. */
const MOST_REREAD = 100_000;

const flags = z.object({ reread: wholeNumber(1, MOST_REREAD).optional() });

function readCount(options: Readonly<Record<string, unknown>>): number {
  const parsed = flags.safeParse(options);
  if (parsed.success) return parsed.data.reread ?? 0;
  throw new ConfigError(parsed.error.issues.map((issue) => `--reread: ${issue.message}.`));
}

/** `checking coverage: 12,000`: what a verification is at. */
export function progressText(at: VerifyProgress): string {
  switch (at.kind) {
    case 'checking':
      return `checking ${at.what}${at.done === 0 ? '' : `: ${count(at.done)}`}`;
    case 'rereading': {
      const read = `reading slices again: ${count(at.slices)} of ${count(at.of)}`;
      const waits = at.waiting === null ? '' : `; ${shown(at.waiting)}`;
      return `${read}, ${counted(at.rows, 'row')} in ${counted(at.calls, 'call')}${waits}`;
    }
  }
}
