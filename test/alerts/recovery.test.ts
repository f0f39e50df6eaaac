import { describe, expect, it } from 'vitest';
import { conditionsOf } from '../../src/domain/alert-conditions.ts';
import { decideAlerts, type AlertMemory } from '../../src/domain/alert-decision.ts';
import { openForReading } from '../../src/ledger/database.ts';
import { createNewestWord } from '../../src/ledger/newest-word.ts';
import type { SimulatorPatch } from '../../src/simulator/options.ts';
import { openVirtualBench } from '../support/virtual.ts';
import { MINUTE, TERMS } from './pictures.ts';

/** A daemon by a virtual clock, and what is told of it. */
function openTold(patch: SimulatorPatch) {
  const bench = openVirtualBench({ tasks: 500, tasksPerMinute: 1, latency: { meanMs: 100 }, ...patch });
  let memory: readonly AlertMemory[] = [];
  const told: string[] = [];
  const look = () => {
    const snapshot = bench.app().status();
    const database = openForReading(`${bench.folder}/ledger.db`);
    const terms = { ...TERMS, runsForMs: () => 0, isAnswered: createNewestWord(database) };
    const decision = decideAlerts(conditionsOf(snapshot, terms, memory), memory, Date.parse(snapshot.at));
    database.close();
    memory = decision.memory;
    told.push(...decision.notices.map(({ kind, status }) => `${kind} ${status}`));
  };
  return { ...bench, told, run: (ms: number) => bench.run(ms, {}, { everyMs: 15_000, look }) };
}

describe('a refused account', () => {
  it(
    'is not told to answer again when the daemon is started anew while nobody answers',
    { timeout: 60_000 },
    async () => {
      const { run, set, told } = openTold({});
      await run(2 * MINUTE);
      set({ refusals: { account: 40100 } });
      await run(4 * MINUTE);
      expect(told).toEqual(['parked raised']);
      set({ faults: [{ when: {}, fault: 'reset' }] });
      await run(9 * MINUTE);
      expect(told).toEqual(['parked raised']);
      set({ faults: [], refusals: { account: null } });
      await run(9 * MINUTE);
      expect(told).toEqual(['parked raised', 'parked recovered']);
    },
  );
});
