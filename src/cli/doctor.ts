import { Option } from 'commander';
import { loadConfig } from '../config.ts';
import type { Diagnosis, Finding, Verdict } from '../domain/diagnosis.ts';
import { ConfigError } from '../domain/errors.ts';
import type { CliCommand, CliDeps, Typed } from './command.ts';
import { EXIT } from './exit-code.ts';
import { counted } from './format.ts';
import { openFor } from './open.ts';
import { createProgressNote } from './progress-note.ts';
import { shownLines } from './shown.ts';

export const doctor: CliCommand = {
  name: 'doctor',
  usage: 'doctor [--json]',
  summary: 'whether this machine, the account and the ledger are well, and what to do where not',
  details: `Looks at settings, versions, folder, file system, ledger, the pages of its file, disk, account, balance, clock, page and alerts. Makes one call, which is
not of the budget of id_list (GET /v3/appendix/user_data, 6 a minute); looks through the file for half a minute at the most; works without a network, without a ledger and beside a
running daemon. A note tells what is not set and need not be. Exits with 1 where something fails, with 2 where the settings are wrong, with 3 where DataForSEO refuses.`,
  examples: ['doctor', 'doctor --send-test-alert'],
  settings: 'of_checks',
  options: [
    new Option('--json', 'all findings as JSON'),
    new Option('--send-test-alert', 'post a trial to LEDGER_ALERT_URL'),
  ],
  act: async (typed, deps) => {
    const problems = problemsOf(typed, deps);
    const { app } = await openFor(typed, deps, { credentials: problems.length === 0, atLeast: 'warn' });
    const wish = { problems, sendTestAlert: typed.options['sendTestAlert'] === true };
    const diagnosis = scrubbed(await underNote(deps, () => app.doctor(wish, deps.signal)), deps);
    const text =
      typed.options['json'] === true ? JSON.stringify(diagnosis, null, 2) : shownLines(diagnosisText(diagnosis));
    deps.stdout.write(`${text}\n`);
    if (problems.length > 0) return EXIT.wrong;
    if (diagnosis.refused) return EXIT.refused;
    return diagnosis.ok ? EXIT.done : EXIT.failed;
  },
};

/** On a terminal it says why nothing comes yet. */
async function underNote<T>({ stderr, clock }: CliDeps, work: () => Promise<T>): Promise<T> {
  const note = createProgressNote(stderr, clock);
  if (stderr.isTTY === true)
    note.show(() => 'looking at everything, at a large file for half a minute at the most', true);
  try {
    return await work();
  } finally {
    note.clear();
  }
}

/** Before it is made a text: JSON stays JSON whatever the password is. */
function scrubbed(diagnosis: Diagnosis, { redaction }: CliDeps): Diagnosis {
  const findings = diagnosis.findings.map(({ found, todo, ...rest }) => ({
    ...rest,
    found: redaction.scrub(found),
    todo: todo === null ? null : redaction.scrub(todo),
  }));
  return { ...diagnosis, findings };
}

/** Missing credentials keep nobody from looking at the rest; other wrong settings leave too little to look at, and end it. */
function problemsOf(typed: Typed, { env }: CliDeps): readonly string[] {
  try {
    loadConfig({ env, flags: typed.settings }, { credentials: true });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const MARKS: Readonly<Record<Verdict, string>> = { ok: 'ok', note: 'note', warn: 'WARN', fail: 'FAIL', skipped: '-' };

function diagnosisText({ findings }: Diagnosis): string[] {
  const count = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
  const [fails, warns, notes] = [count('fail'), count('warn'), count('note')];
  const sum = [
    ...(fails === 0 ? [] : [`${counted(fails, 'check')} failed`]),
    ...(warns === 0 ? [] : [`${warns} to look at`]),
  ].join(', ');
  const noted = notes === 0 ? '' : `; ${counted(notes, 'note')}`;
  return [...findings.flatMap(linesOf), '', `${sum === '' ? 'All is well' : sum}${noted}.`];
}

function linesOf({ check, verdict, found, todo }: Finding): string[] {
  const line = `${MARKS[verdict].padEnd(5)} ${check.padEnd(12)} ${found}`;
  return todo === null ? [line] : [line, `${' '.repeat(19)}-> ${todo}`];
}
