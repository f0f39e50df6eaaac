import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/ledger.ts';
import type { SimulatorPatch } from '../../src/simulator/options.ts';
import { expectSound } from '../support/after-kill.ts';
import { openBench, type Bench } from '../support/bench.ts';
import { circumstances, DAY, endOf, HOUR, readSlice, sliceOf, startOf, withDatabase } from '../support/ledger.ts';
import { ended, startProcess } from '../support/process.ts';
import { inTurns, seeded } from '../support/sample.ts';
import { expectSameAsTruth } from '../support/truth.ts';

const MINUTE = 60_000;
const PROBE = ['--import', new URL('../support/commit-probe.ts', import.meta.url).href];
const EACH_SECOND = { LEDGER_TAIL_CRON: '* * * * * *' };

/** A daemon that dies beside the n-th commit with such a write. @param at - `before:1`, `after:2`. */
async function killedDaemon(bench: Bench, touches: string, at: string): Promise<void> {
  const settings = { ...EACH_SECOND, PROBE_TOUCHES: touches, PROBE_KILL: at };
  const { signal, stderr } = await ended(startProcess(bench, ['run'], { node: PROBE, settings }));
  expect(signal, stderr.slice(-2_000)).toBe('SIGKILL');
}

async function expectVerified(bench: Bench): Promise<void> {
  const { problems } = await bench
    .app()
    .verify({ reread: 0, onProgress: () => undefined }, new AbortController().signal);
  // What a killed daemon had not written down of its gaps the next one writes down.
  expect(problems.filter(({ check }) => check !== 'gaps')).toEqual([]);
}

/** Reads of an hour five weeks ago, one in ten minutes, and the reading in which it settled; then a call of today. */
function keepOldJournal(bench: Bench, now: number): void {
  const ledger = openLedger({ path: bench.path, login: bench.env['DATAFORSEO_LOGIN'] ?? '', pid: process.pid, now });
  try {
    const then = Math.floor((now - 37 * DAY) / 1000) * 1000;
    const at = (moment: number) => ({ ...circumstances, now: moment, metadataEdge: moment - 31 * DAY });
    const answer = (moment: number) => ({ end: endOf({ rows: 0, answeredAt: moment }), serverDate: moment });
    for (let minute = 10; minute <= 60; minute += 10) {
      const until = then + minute * MINUTE;
      const plan = sliceOf(then, until, { purpose: 'tail' });
      readSlice(ledger, plan, [], { at: at(until + MINUTE), answer: answer(until + MINUTE) });
    }
    // Not so long ago that it is proven anew before the daemon folds: its reading is one by ids then.
    const settled = now - 20 * DAY;
    const whole = sliceOf(then, then + HOUR, { purpose: 'settle' });
    readSlice(ledger, whole, [], { at: at(settled), answer: answer(settled) });
    const walk = ledger.beginWalk(sliceOf(now - 2 * HOUR, now - HOUR, { purpose: 'verify' }), now - HOUR);
    const id = ledger.journal.begin(startOf(walk, { sentAt: now - HOUR, periodMs: 100 }));
    ledger.journal.end(id, endOf({ answeredAt: now - HOUR, code: 50_000, rows: null }));
    ledger.endWalk(walk, 'dropped', now - HOUR);
  } finally {
    ledger.close();
  }
  // The newest thousand are never folded: as many lie between, and were.
  withDatabase(bench.path, {}, (database) => {
    database.exec(`update call set id = id + 1000 where id = (select max(id) from call);
      insert into call_day (day, api, purpose, calls, failed, throttled, rows) values (1, 1, 'verify', 1000, 0, 0, 0)`);
  });
}

type Upkeep = { readonly touches: string; readonly faults: NonNullable<SimulatorPatch['faults']> };

/** What makes a daemon write each of them within seconds. */
const UPKEEP: Readonly<Record<string, Upkeep>> = {
  refused: {
    touches: 'into refused_api|from refused_api where',
    faults: [{ when: { api: 'serp' }, times: 2, fault: 'code:40204' }],
  },
  limit: { touches: 'into page_limit', faults: [{ when: { limitAbove: 500 }, fault: 'slow', ms: 5_000 }] },
};
const CASES = ['refused', 'limit'].flatMap((kind) => [`${kind} before:1`, `${kind} after:1`]);

function isSettledUpTo(bench: Bench, until: number): boolean {
  const covered = bench.rows(
    `select api, max(until) as until from coverage where settled_at is not null group by api having max(until) >= ?`,
    until / 1000,
  );
  return covered.length === 2 && bench.rows('select * from gaps where until < ?', until / 1000).length === 0;
}

const OLD = `from calls where sent_at < unixepoch() - 30 * 86400`;

function oldCalls(bench: Bench) {
  const [inJournal] = bench.rows(`select count(*) as n ${OLD}`);
  const [folded] = bench.rows(`select ifnull(sum(calls), 0) as n from call_day where purpose = 'tail'`);
  return { inJournal: inJournal?.['n'], folded: folded?.['n'] };
}

describe('the daemon, killed with SIGKILL', { timeout: 120_000 }, () => {
  it('before and after the commit that folds its journal, has each call in the journal or in the sums', async () => {
    await inTurns(2, ['before:1', 'after:1'], async (at) => {
      const bench = await openBench({ tasks: 0 });
      keepOldJournal(bench, Date.now());
      const before = oldCalls(bench);
      await killedDaemon(bench, 'call_day|delete from call where', at);
      const { inJournal, folded } = oldCalls(bench);
      const total = Number(before.inJournal);
      expect([
        [total, 0],
        [1, total - 1],
      ]).toContainEqual([inJournal, folded]);
      expect(folded === 0).toBe(at.startsWith('before'));
      await expectVerified(bench);
      const again = { path: bench.path, login: bench.env['DATAFORSEO_LOGIN'] ?? '', pid: process.pid, now: Date.now() };
      const ledger = openLedger(again);
      ledger.foldJournal(Date.now());
      ledger.close();
      expect(oldCalls(bench)).toEqual({ inJournal: 1, folded: total - 1 });
      await expectVerified(bench);
      expectSound(bench);
    });
  });

  it('beside what it writes of a refused API and of pages that are too large, the next one ends with the same rows and what it must still do', async () => {
    await inTurns(2, seeded('writes of the upkeep', CASES, 3), async (name) => {
      const [kind = '', at = ''] = name.split(' ');
      const { touches, faults } = UPKEEP[kind] ?? { touches: '', faults: [] };
      const bench = await openBench(
        {
          apis: ['backlinks', 'serp'],
          tasks: 300,
          tasksPerMinute: 240,
          late: { share: 0.5, maxMs: 1_500 },
          finishing: { share: 0 },
          faults,
        },
        { LEDGER_APIS: 'backlinks,serp', LEDGER_SETTLE: '4s', LEDGER_TIMEOUT: '500ms' },
      );
      await killedDaemon(bench, touches, at);
      expectSound(bench);
      await expectVerified(bench);
      bench.simulator.set({ faults: [] });
      const killedAt = Math.floor(Date.now() / 1000) * 1000;
      const next = startProcess(bench, ['run'], { settings: EACH_SECOND });
      const done = ended(next);
      while (!isSettledUpTo(bench, killedAt)) await delay(200);
      next.kill('SIGTERM');
      expect((await done).code).toBe(0);
      for (const api of ['backlinks', 'serp']) expectSameAsTruth(bench, { api, until: killedAt });
      expect(bench.rows('select * from refused_api')).toEqual([]);
      // The window moves on by the seconds that the start takes.
      expect(bench.rows('select * from losses where until - since > 60')).toEqual([]);
      expectSound(bench);
      await expectVerified(bench);
    });
  });
});
