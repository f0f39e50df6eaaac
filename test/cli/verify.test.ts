import { describe, expect, it } from 'vitest';
import type { App } from '../../src/cli/app-port.ts';
import type { RereadSlice, VerifyProgress } from '../../src/domain/verification.ts';
import { cli, VERIFIED } from './fakes.ts';

const SLICE: RereadSlice = {
  api: 'backlinks',
  grade: 'ids',
  since: '2026-06-01T00:00:00Z',
  until: '2026-06-02T00:00:00Z',
  readAt: '2026-06-03T00:00:00Z',
  failure: null,
  rows: 900,
  newTasks: 0,
  changedTasks: 0,
  unlistedTasks: 0,
  examples: { new: [], changed: [], unlisted: [] },
};

const reread = (slices: readonly RereadSlice[], stretches = slices.length) => ({ calls: 3, stretches, slices, sumsMended: false }); // prettier-ignore

describe('verify', () => {
  it('says what was verified, without credentials', async () => {
    const { code, stdout, stderr, config } = await cli(['verify'], { env: {} });
    expect([code, stderr]).toEqual([0, '']);
    expect(config?.credentials).toBeNull();
    expect(stdout.split('\n')).toEqual([
      'All agrees, as of 2026-11-23 12:00:00 UTC: the file, 60,000 tasks (tag and target against the metadata where it is held), 12 changes and 1,234 sums;',
      '9 covered stretches, 1 gap and 0 losses;',
      '10 walks with 64 calls; 8 digests worked out again from the tasks.',
      '',
    ]);
  });

  it('names each problem, counts those it leaves out, says what to do, and ends with 1', async () => {
    const problems = [{ check: 'evidence', text: 'Walk 7 listed 3 tasks; at least 1 is gone.' }] as const;
    const report = { ...VERIFIED, ok: false, problems, moreProblems: 2_000, notes: ['1 call has no answer.'] };
    const { code, stdout } = await cli(['verify'], { app: { verify: () => Promise.resolve(report) } });
    expect(code).toBe(1);
    expect(stdout).toContain(
      '2,001 problems:\n- Walk 7 listed 3 tasks; at least 1 is gone.\n… and 2,000 more of these kinds.\n\nChecked,',
    );
    expect(stdout).toContain('\nNote: 1 call has no answer.\n');
    expect(stdout).toContain('npx dataforseo-ledger verify --reread N');
  });

  it('prints no text of others that moves the cursor or begins a line', async () => {
    const problems = [{ check: 'sums' as const, text: 'The tag "\u001b[2J\u202Eevil\r\nAll agrees" is kept.' }];
    const app = { verify: () => Promise.resolve({ ...VERIFIED, ok: false, problems }) };
    const { stdout } = await cli(['verify'], { app });
    expect(stdout).toContain('- The tag "\ufffd[2J\ufffdevil\ufffd\ufffdAll agrees" is kept.\n');
    expect((await cli(['verify', '--json'], { app })).stdout).toContain('\\u001b[2J');
  });

  it('prints the report to the letter with --json', async () => {
    const { code, stdout } = await cli(['verify', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([0, VERIFIED]);
  });

  it('reads slices again with credentials, and says that they are the same', async () => {
    const wishes: number[] = [];
    const verify = (wish: { reread: number }) => {
      wishes.push(wish.reread);
      return Promise.resolve({ ...VERIFIED, reread: reread([SLICE, SLICE]) });
    };
    const { code, stdout } = await cli(['verify', '--reread', '20'], { app: { verify } });
    expect([code, wishes]).toEqual([0, [20]]);
    expect(stdout).toContain('2 slices read again in 3 calls: the same as before.\n');
    expect((await cli(['verify', '--reread', '20'], { env: {} })).code).toBe(2);
  });

  it('counts a slice that reaches out of the month once, as it was asked for', async () => {
    const verify = () => Promise.resolve({ ...VERIFIED, reread: reread([SLICE, SLICE, SLICE], 2) });
    const { stdout } = await cli(['verify', '--reread', '2'], { app: { verify } });
    expect(stdout).toContain(
      '2 slices read again in 3 parts (one within which the month of metadata begins is two) and 3 calls: the same as before.\n',
    );
  });

  it('says what differed, and that it is repaired or recorded', async () => {
    const differing = {
      ...SLICE,
      newTasks: 4,
      changedTasks: 1,
      unlistedTasks: 1,
      examples: { new: ['a', 'b', 'c', 'd'], changed: ['e'], unlisted: ['f'] },
    };
    const failed = { ...SLICE, failure: '50000: internal error' };
    const report = { ...VERIFIED, ok: false, reread: { ...reread([SLICE, differing, failed]), sumsMended: true } };
    const { code, stdout } = await cli(['verify', '--reread', '3'], { app: { verify: () => Promise.resolve(report) } });
    expect(code).toBe(1);
    const where = 'backlinks, ids, 2026-06-01 00:00:00 to 2026-06-02 00:00:00 (read 2026-06-03 00:00:00)';
    expect(stdout.split('\n').slice(3)).toEqual([
      '3 slices read again in 3 calls; 2 differ:',
      `- ${where}: 4 tasks that the ledger lacked, added (a, b, c, …); 1 task changed, brought up to date (e); 1 known task not listed any more, recorded as doubts (f)`,
      `- ${where}: could not be read: 50000: internal error`,
      'The sums of costs were added up anew from the tasks.',
      '',
    ]);
  });

  it.each(['0', 'all', '-1', '1.5'])('takes --reread %s as wrong usage', async (typed) => {
    const { code, stdout, stderr } = await cli(['verify', '--reread', typed]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('--reread: it must be a whole number');
  });

  /** A verification that is at these, each after so many milliseconds. */
  function verifying(steps: readonly (readonly [number, VerifyProgress])[]) {
    let now = 0;
    const clock = { monotonic: () => now, now: () => now, boot: 'b', sleep: () => Promise.resolve() };
    const verify: App['verify'] = ({ onProgress }) => {
      for (const [at, progress] of steps) {
        now = at;
        onProgress(progress);
      }
      return Promise.resolve(VERIFIED);
    };
    return { clock, app: { verify } };
  }
  const checking = (what: string, done: number): VerifyProgress => ({ kind: 'checking', what, done });
  const rereading = (slices: number, waiting: string | null): VerifyProgress => ({ kind: 'rereading', slices, of: 20, rows: 12_000, calls: 14, waiting }); // prettier-ignore

  it('shows on a terminal what it checks, once that takes long, and nothing of it stays', async () => {
    const steps = verifying([
      [0, checking('coverage', 5)],
      [1_500, checking('tasks and their sums', 1_234_567)],
    ]);
    const { stderr } = await cli(['verify'], { isTTY: true, ...steps });
    expect(stderr).toBe('\r\u001b[Kchecking tasks and their sums: 1,234,567\r\u001b[K');
  });

  it('shows it on a terminal too that does not know how wide it is', async () => {
    const steps = verifying([[1_500, checking('coverage', 5)]]);
    const { stderr } = await cli(['verify'], { isTTY: true, columns: 0, ...steps });
    expect(stderr).toBe('\r\u001b[Kchecking coverage: 5\r\u001b[K');
  });

  it('shows what keeps it busy for long, and how far it is with the slices that it reads again', async () => {
    const steps = verifying([
      [0, checking('the pages of the file', 0)],
      [2_000, checking('the pages of the file', 0)],
      [60_000, rereading(0, null)],
      [61_000, rereading(3, 'the server cannot be reached')],
    ]);
    const { stderr } = await cli(['verify', '--reread', '20'], { isTTY: true, ...steps });
    expect(stderr.split('\r\u001b[K')).toEqual([
      '',
      'checking the pages of the file',
      'reading slices again: 0 of 20, 12,000 rows in 14 calls',
      'reading slices again: 3 of 20, 12,000 rows in 14 calls; the server cannot be reached',
      '',
    ]);
  });

  it('writes elsewhere a line each half minute, and leaves JSON alone', async () => {
    const steps = verifying([
      [0, checking('coverage', 5)],
      [29_000, checking('tasks and their sums', 1)],
      [30_000, checking('tasks and their sums', 2)],
      [59_000, checking('tasks and their sums', 3)],
      [60_000, rereading(3, null)],
    ]);
    const { stdout, stderr } = await cli(['verify', '--json'], steps);
    expect(stderr).toBe('checking tasks and their sums: 2\nreading slices again: 3 of 20, 12,000 rows in 14 calls\n');
    expect(JSON.parse(stdout)).toEqual(VERIFIED);
  });
});
