import type { SimulatorPatch } from '../src/simulator/options.ts';
import type { BenchPlan, Figure } from './figure.ts';
import { backfillInProcess, REAL_TERMS, type Run } from './in-process.ts';

type Server = {
  readonly what: string;
  readonly latency: SimulatorPatch['latency'];
  readonly atLeast?: number;
  readonly env?: Readonly<Record<string, string>>;
};

const TAIL = { meanMs: 5_000, tailShare: 0.02, tailMs: 60_000, transitMs: 50 };

const SERVERS: readonly Server[] = [
  { what: '0.2 s', latency: { meanMs: 200, transitMs: 50 }, atLeast: 0.99 },
  { what: '5 s', latency: { meanMs: 5_000, transitMs: 50 }, atLeast: 0.98 },
  { what: '5 s, tail of 60 s, waited for', latency: TAIL, atLeast: 0.97, env: { LEDGER_TIMEOUT: '90s' } },
  // The timeout is 60 s unless it is set: then each call of the tail fails, and its token comes back 5 s later than an answered one's.
  { what: '5 s, tail of 60 s, timed out', latency: TAIL },
];

/** How much of the budget is used while there is work, at DataForSEO's terms and in simulated hours, as the server counts the calls. */
export async function* benchShare({ isQuick, wants }: BenchPlan): AsyncIterable<Figure> {
  const tasks = isQuick ? 300_000 : 1_000_000;
  for (const { what, latency, atLeast, env = {} } of SERVERS.filter((server) => wants(server.what))) {
    const account = { tasks, newestAgoMs: 3_600_000, latency, metadata: { bytes: 100 } };
    const run = await backfillInProcess(account, REAL_TERMS, env);
    const target = atLeast === undefined ? {} : { target: { atLeast } };
    yield { what: `share of the budget used, answers of ${what}`, value: share(run), unit: '', ...target };
    const most = run.stats.maxInAnyPeriod;
    yield { what: `most arrivals in any period, answers of ${what}`, value: most, unit: '', target: { atMost: 10 } };
  }
}

/**
 * How long the server let ten calls take, over how long they took: the period over the mean time from each call to the tenth
 * after it. That leaves out what is no choice of ours: the first ten, which a new process has at once, and the last, when
 * fewer than ten are left to make.
 */
function share({ stats }: Run): number {
  const { calls, periodMs } = REAL_TERMS;
  const at = stats.arrivals.map(({ monoMs }) => monoMs);
  const tens = at.slice(calls).map((later, index) => later - (at[index] ?? later));
  return (periodMs * tens.length) / tens.reduce((sum, ms) => sum + ms, 0);
}
