import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { checkPartition } from '../../soak/partition.ts';
import { windowEdge } from '../../src/domain/window.ts';
import { openLedger } from '../../src/ledger/ledger.ts';
import type { SimulatorPatch } from '../../src/simulator/options.ts';
import { openVirtualBench, type VirtualBench } from '../support/virtual.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const SETTINGS = { LEDGER_APIS: 'serp' };
const REFUSED: SimulatorPatch = { refusals: { apis: { serp: 40204 } } };

/** Refused in the middle of a walk by metadata, so that the walk stays open. @returns It, and where it begins, epoch s. */
async function refusedInMidWalk(refusal: SimulatorPatch): Promise<{ bench: VirtualBench; id: number; since: number }> {
  const bench = openVirtualBench({ tasks: 25_000, spanDays: 25, newestAgoMs: DAY, apis: ['serp'] }, SETTINGS);
  let looks = 0;
  const look = () => {
    looks += 1;
    if (looks === 2) bench.set(refusal);
  };
  await bench.run(4 * MINUTE, {}, { everyMs: MINUTE, look });
  const [walk] = bench.rows(
    `select id, since from walk where finished_at is null and next_offset > 0 and grade = 'metadata' order by since limit 1`,
  );
  const [id, since] = [Number(walk?.['id']), Number(walk?.['since'])];
  expect(since).toBeGreaterThan(0);
  return { bench, id, since };
}

function expectAllAccounted({ folder, clock }: VirtualBench): void {
  const database = new Database(join(folder, 'ledger.db'), { readonly: true });
  const now = clock.now();
  const readableSince = (grade: 'ids' | 'metadata') => windowEdge(grade, now, []) - DAY;
  checkPartition({ database, api: 'serp', until: now - 5 * MINUTE, readableSince });
  database.close();
}

describe('a walk that waits while its API or the account is refused', () => {
  it.each([
    ['API', REFUSED, 70],
    ['account', { refusals: { account: 40200 } }, 70],
    ['API, for longer than the ids are listed', REFUSED, 220],
  ] as const)(
    'is ended when its beginning has left the window, and what it lacked is lost: %s',
    { timeout: 120_000 },
    async (_name, refusal, days) => {
      const { bench, id, since } = await refusedInMidWalk(refusal);
      const rows = bench.number('select count(*) from tasks');
      await bench.pass(days * DAY);
      await bench.run(20 * MINUTE);
      // Nothing was answered meanwhile, and all of it is on record.
      expect(bench.rows('select outcome from walk where id = ?', id)).toEqual([{ outcome: 'expired' }]);
      expect(
        bench.number(`select count(*) from losses where grade = 'metadata' and since <= ? and until > ?`, since, since),
      ).toBe(1);
      expect(bench.number('select count(*) from tasks')).toBe(rows);
      expectAllAccounted(bench);
      // It goes on as time does: what leaves the month is lost at the moment when it leaves.
      const edge = windowEdge('metadata', bench.clock.now(), []) / 1000;
      const newest = bench.rows(
        `select until, lost_at from losses where grade = 'metadata' order by until desc limit 1`,
      )[0];
      expect(Math.abs(Number(newest?.['until']) - edge)).toBeLessThan(120);
      expect(Math.abs(Number(newest?.['lost_at']) - bench.clock.now() / 1000)).toBeLessThan(21 * 60);
    },
  );

  it(
    'is accounted for also by who comes after a death between its end and the account',
    { timeout: 120_000 },
    async () => {
      const { bench, id, since } = await refusedInMidWalk(REFUSED);
      await bench.pass(70 * DAY);
      // What the commit that ends it leaves; the process dies before the next one.
      const now = bench.clock.now();
      const ledger = openLedger({ path: join(bench.folder, 'ledger.db'), login: 'login', pid: process.pid, now });
      for (const walk of ledger.openWalks()) if (walk.id === id) ledger.endWalk(walk, 'expired', now);
      ledger.close();
      expect(bench.number('select count(*) from losses')).toBe(0);
      await bench.run(20 * MINUTE);
      expect(
        bench.number(`select count(*) from losses where grade = 'metadata' and since <= ? and until > ?`, since, since),
      ).toBe(1);
      expectAllAccounted(bench);
    },
  );

  it(
    'goes on where it was, when the API answers again while the server still has it',
    { timeout: 120_000 },
    async () => {
      const { bench, id } = await refusedInMidWalk(REFUSED);
      await bench.run(3 * MINUTE);
      bench.set({ refusals: { apis: { serp: null } } });
      await bench.run(6 * MINUTE);
      expect(bench.rows('select outcome from walk where id = ?', id)).toEqual([{ outcome: 'covered' }]);
      expect(bench.number('select count(*) from losses')).toBe(0);
      expect(bench.number('select count(*) from tasks')).toBe(25_000);
    },
  );
});

describe('the partition of a soak', () => {
  it('takes a walk that waits for an account of its range only while the server still has that', () => {
    const database = new Database(':memory:');
    database.exec(`
      create table api (id, name); create table segment (api, since, until, grade); create table gap (api, since, until, grade);
      create table loss (api, since, until, grade, lost_at, reason); create table frontier (api, grade, origin);
      create table walk (api, since, until, grade, finished_at);
      insert into api values (1, 'serp');
      insert into frontier values (1, 'ids', 100), (1, 'metadata', 100);
      insert into walk values (1, 100, 200, 'metadata', null), (1, 100, 200, 'ids', null);`);
    const look = (readableSince: number) => () =>
      checkPartition({ database, api: 'serp', until: 200_000, readableSince: () => readableSince });
    expect(look(100_000)).not.toThrow();
    expect(look(101_000)).toThrow(/neither read nor a gap nor a loss/);
    database.close();
  });
});
