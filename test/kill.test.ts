import { describe, expect, it } from 'vitest';
import { openBench, type Bench } from './support/bench.ts';
import { ended, startProcess } from './support/process.ts';
import { expectSameAsTruth } from './support/truth.ts';

const HOUR_MS = 3_600_000;

/** Kills the process the moment the server has seen its n-th call: the answer is never saved. */
async function killAtCall(bench: Bench, n: number): Promise<boolean> {
  const child = startProcess(bench, ['backfill']);
  const seen = bench.simulator.stats().calls;
  bench.onCall(() => {
    if (bench.simulator.stats().calls >= seen + n) child.kill('SIGKILL');
  });
  const { signal } = await ended(child);
  bench.onCall(() => undefined);
  return signal === 'SIGKILL';
}

describe('killed with SIGKILL', () => {
  it(
    'between any two requests, the next run ends with the same rows as an undisturbed one',
    { timeout: 120_000 },
    async () => {
      const options = {
        tasks: 2_500,
        seed: 7,
        startedAt: Date.now(),
        newestAgoMs: HOUR_MS,
        latency: { meanMs: 5 },
        rate: { periodMs: 50 },
      };
      const undisturbed = await openBench(options);
      const { calls } = await undisturbed.backfill();
      for (let n = 1; n <= calls; n += 1) {
        const bench = await openBench(options);
        await killAtCall(bench, n);
        const result = await bench.backfill();
        expect(result.complete).toBe(true);
        // At most one page a walk in flight is read twice, and the overlap of a resumed walk.
        expect(bench.simulator.stats().calls).toBeLessThanOrEqual(calls + 4 + 3);
        expect(bench.simulator.stats().throttled).toBe(0);
        expectSameAsTruth(bench, { until: Date.now() });
        expect(tasksOf(bench)).toEqual(tasksOf(undisturbed));
        expect(await verified(bench)).toMatchObject({ ok: true, problems: [] });
      }
    },
  );
});

async function verified(bench: Bench) {
  return await bench.app().verify({ reread: 0, onProgress: () => undefined }, new AbortController().signal);
}

function tasksOf(bench: Bench) {
  return bench.rows(
    'select id, posted_at, done_at, status, state, cost_micros, metadata, metadata_state from tasks order by id',
  );
}

describe('the process', () => {
  it('ends with 3 and says what to do when the credentials are wrong, without a byte of them', async () => {
    const bench = await openBench({ tasks: 1_000, login: 'someone-else' });
    const { code, stderr } = await ended(startProcess(bench, ['backfill']));
    expect(code).toBe(3);
    expect(stderr).toContain('app.dataforseo.com');
    expect(bench.simulator.stats().calls).toBeLessThanOrEqual(3);
    bench.expectNoSecretIn(stderr);
    bench.expectNoSecretInFiles();
  });

  it('ends with 4 and says who when another one holds the ledger', async () => {
    const bench = await openBench({ tasks: 300_000, rate: { periodMs: 2_000 } });
    const first = startProcess(bench, ['backfill']);
    await new Promise<void>((resolve) => bench.onCall(resolve));
    const { code, stderr } = await ended(startProcess(bench, ['backfill']));
    expect(code).toBe(4);
    expect(stderr).toContain(`process ${first.pid}`);
  });

  it('run reads new tasks as they come, until SIGTERM, and ends with 0', { timeout: 180_000 }, async () => {
    const bench = await openBench(
      { tasks: 3_000, newestAgoMs: 10_000, tasksPerMinute: 600 },
      { LEDGER_TAIL_CRON: '* * * * * *' },
    );
    const daemon = startProcess(bench, ['run']);
    const done = ended(daemon);
    await new Promise<void>((resolve) => {
      let calls = 0;
      bench.onCall(() => {
        calls += 1;
        if (calls === 9) resolve();
      });
    });
    expect(bench.app().status().state).toMatch(/idle|harvesting/);
    daemon.kill('SIGTERM');
    const { code, stderr } = await done;
    expect(code).toBe(0);
    const [{ newest }] = bench.rows('select max(until) as newest from coverage') as [{ newest: number }];
    expectSameAsTruth(bench, { until: newest * 1000 });
    expect(bench.app().status().state).toBe('stopped');
    bench.expectNoSecretIn(stderr);
    bench.expectNoSecretInFiles();
  });
});
