import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import { cli, PROGRESS, RESULT, SNAPSHOT } from './fakes.ts';

const covered = SNAPSHOT.coverage['backlinks']!;
const whole: Snapshot = {
  ...SNAPSHOT,
  doubts: 0,
  tasks: { ...SNAPSHOT.tasks, total: 500 },
  coverage: { backlinks: { ...covered, complete: true, gaps: [] } },
};

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

async function demo(snapshot: Snapshot, signal?: AbortSignal) {
  const ended = await cli(['demo', '--tasks', '500'], {
    // The settings of whoever types it are none of its business.
    env: { LEDGER_DATABASE: '/never/touch/this.db', DATAFORSEO_PASSWORD: 'hush', LEDGER_TYPO: '1' },
    ...(signal === undefined ? {} : { signal }),
    app: {
      status: () => snapshot,
      backfill: (onProgress) => {
        onProgress(PROGRESS);
        return Promise.resolve({ ...RESULT, newTasks: 500 });
      },
    },
  });
  if (ended.config !== undefined) folders.push(dirname(ended.config.databasePath));
  return ended;
}

describe('demo', () => {
  it('shows what it harvested, what proves it, where the ledger is and what to do next', async () => {
    const { code, stdout, stderr, config } = await demo(whole);
    expect(code).toBe(0);
    expect(stderr).toBe('43 % covered, 2 min 5 s left, 12,345 rows, 13 calls, budget 3/10 used\n');
    expect(stdout).toContain('Harvested 500 tasks');
    expect(stdout).toContain('yes  the server has 500 tasks, the ledger has 500\n');
    expect(stdout).toContain(`  ledger=${config?.databasePath ?? '?'}\n  sqlite3 -box $ledger "\n    select`);
    expect(stdout).toContain(`To remove it: rm -r ${dirname(config?.databasePath ?? '?')}\n`);
    expect(stdout).toContain('npx dataforseo-ledger backfill\n');
    expect(config).toMatchObject({ rateCalls: 10, ratePeriodMs: 1_000 });
    expect(config?.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });

  it.each([
    ['a task is missing', { ...whole, tasks: { ...whole.tasks, total: 499 } }, 'the ledger has 499'],
    ['a second is not covered', { ...whole, coverage: { backlinks: covered } }, 'every second'],
    ['there is a doubt', { ...whole, doubts: 1 }, '1 doubt'],
  ])('fails when %s', async (_what, snapshot, told) => {
    const { code, stdout } = await demo(snapshot);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`NO {3}.*${told}`));
  });

  it('ends with 130 when it is interrupted, and leaves neither simulator nor ledger behind', async () => {
    const { code, stdout, config } = await demo(whole, AbortSignal.abort(new Error('stopped by SIGINT')));
    expect(code).toBe(130);
    expect(stdout).not.toContain('What proves it');
    await expect(fetch(config?.url ?? '')).rejects.toThrow('fetch failed');
    expect(existsSync(dirname(config?.databasePath ?? '.'))).toBe(false);
  });

  it('fails where no folder can be made', async () => {
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = '/nonexistent';
    try {
      const { code, config } = await demo(whole);
      expect([code, config]).toEqual([1, undefined]);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  });

  it('takes odd flags as wrong usage', async () => {
    expect(await cli(['demo', '--tasks', 'all'])).toMatchObject({ code: 2, stdout: '' });
  });
});
