import { setImmediate } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { CheckName, VerifyProgress, VerifyReport } from '../domain/verification.ts';
import type { Db } from './database.ts';
import { serverNow } from './server-now.ts';
import { verifyChanges } from './verify-changes.ts';
import { verifyCoverage } from './verify-coverage.ts';
import { verifyEvidence } from './verify-evidence.ts';
import { verifyPages, verifySchema } from './verify-file.ts';
import { createFindings, type Findings } from './verify-findings.ts';
import { verifyGaps } from './verify-gaps.ts';
import { verifyJournal } from './verify-journal.ts';
import { verifyLosses } from './verify-losses.ts';
import { verifyRechecks } from './verify-rechecks.ts';
import { verifyTasks } from './verify-tasks.ts';

/** What a check works on. Nothing of it writes. */
export type VerifyScene = {
  readonly database: Db;
  readonly findings: Findings;
  /** The APIs of the settings: the gaps of no other are kept. */
  readonly apis: readonly string[];
};

type Check = {
  readonly name: CheckName;
  /** For the progress: "checking …". */
  readonly what: string;
  /** Yields often, so that a verification of hours can be watched and interrupted. */
  readonly run: (scene: VerifyScene) => Generator<void>;
};

/** Before all others, for what it finds explains what they would. */
const PAGES = { name: 'file', what: 'the pages of the file' } as const;

const CHECKS: readonly Check[] = [
  { name: 'file', what: 'tables and views', run: verifySchema },
  { name: 'coverage', what: 'coverage', run: verifyCoverage },
  { name: 'coverage', what: 'planned readings', run: verifyRechecks },
  { name: 'losses', what: 'losses', run: verifyLosses },
  { name: 'gaps', what: 'gaps', run: verifyGaps },
  { name: 'journal', what: 'walks and their calls', run: verifyJournal },
  { name: 'evidence', what: 'rows against evidence', run: verifyEvidence },
  { name: 'tasks', what: 'tasks and their sums', run: verifyTasks },
  { name: 'changes', what: 'the history of changes', run: verifyChanges },
];

export type VerifyTerms = {
  readonly apis: readonly string[];
  /** This machine's clock, epoch ms. */
  readonly wallNow: number;
  readonly onProgress: (progress: VerifyProgress) => void;
};

/** So many steps between two breaths: some milliseconds. */
const STEPS_A_BREATH = 5_000;

/**
 * Holds file, rows, evidence, journal and coverage against each other; all but the pages at one moment: one reading transaction,
 * beside which a daemon may write. Memory does not grow with the ledger.
 *
 * @param database - For reading; for this alone while it lasts.
 * @throws `signal.reason` when aborted.
 */
export async function verifyLedger(database: Db, terms: VerifyTerms, signal: AbortSignal): Promise<VerifyReport> {
  const findings = createFindings();
  const scene: VerifyScene = { database, findings, apis: terms.apis };
  await runPages({ scene, onProgress: terms.onProgress }, signal);
  database.exec('begin');
  try {
    for (const check of CHECKS) await runCheck(check, { scene, onProgress: terms.onProgress }, signal);
    return reportOf(findings, serverNow(database, terms.wallNow));
  } finally {
    database.exec('rollback');
  }
}

type Stage = { readonly scene: VerifyScene; readonly onProgress: VerifyTerms['onProgress'] };

async function runPages({ scene, onProgress }: Stage, signal: AbortSignal): Promise<void> {
  const tell = () => onProgress({ kind: 'checking', what: PAGES.what, done: 0 });
  tell();
  await setImmediate();
  signal.throwIfAborted();
  await verifyPages(scene, tell, signal).catch(damageIn(scene, PAGES));
}

async function runCheck({ name, what, run }: Check, { scene, onProgress }: Stage, signal: AbortSignal): Promise<void> {
  let done = 0;
  const breathe = async () => {
    onProgress({ kind: 'checking', what, done });
    await setImmediate();
    signal.throwIfAborted();
  };
  await breathe();
  try {
    const steps = run(scene);
    while (steps.next().done !== true) {
      done += 1;
      if (done % STEPS_A_BREATH === 0) await breathe();
    }
  } catch (error) {
    damageIn(scene, { name, what })(error);
  }
}

/** A file that cannot be read is what is looked for; anything else is thrown. */
function damageIn({ findings }: VerifyScene, { name, what }: Pick<Check, 'name' | 'what'>): (error: unknown) => void {
  return (error) => {
    if (!isDamage(error)) throw error;
    findings.problem(name, `The file is damaged: ${what} cannot be checked (${error.message}).`);
  };
}

function isDamage(error: unknown): error is Error {
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB|IOERR)/.test(error.code);
}

function reportOf(findings: Findings, now: number): VerifyReport {
  const problems = findings.problems();
  return {
    ok: problems.length === 0,
    at: new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
    verified: findings.verified(),
    problems,
    moreProblems: findings.moreProblems(),
    notes: findings.notes(),
    reread: null,
  };
}
