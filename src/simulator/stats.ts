import { mostInAnyPeriod } from './rate.ts';

/** Older arrivals are forgotten, so that a simulator which runs for days stays small. */
const MOST_ARRIVALS = 200_000;

export type Arrival = {
  readonly api: string;
  /** The simulated wall clock, epoch ms. */
  readonly at: number;
  /** The given clock's monotonic ms: what the sliding budget is counted by. */
  readonly monoMs: number;
  /** Whether the budget let it through. */
  admitted: boolean;
  /** How it was answered: DataForSEO's code, or the name of the fault; null while it is not. */
  code: string | null;
};

export type SimulatorStats = {
  /** Calls of `id_list` that arrived, refused ones included. */
  readonly calls: number;
  /** Those that the budget let through. */
  readonly accepted: number;
  /** Those that it refused. */
  readonly throttled: number;
  /** The most arrivals that any sliding period held; from the last 200,000. */
  readonly maxInAnyPeriod: number;
  /** The same without those that the budget refused. */
  readonly acceptedMaxInAnyPeriod: number;
  /** Answers by DataForSEO's code (task before envelope) or by the name of a fault that gave none. */
  readonly perCode: Readonly<Record<string, number>>;
  readonly userDataCalls: number;
  /** In order of arrival, the last 200,000. */
  readonly arrivals: readonly Readonly<Arrival>[];
};

export type StatsBook = {
  readonly arrive: (api: string, instant: { readonly mono: number; readonly at: number }) => Arrival;
  readonly answered: (arrival: Arrival, code: string) => void;
  readonly userData: () => void;
  readonly read: (periodMs: number) => SimulatorStats;
};

export function createStatsBook(): StatsBook {
  let arrivals: Arrival[] = [];
  const perCode = new Map<string, number>();
  let calls = 0;
  let throttled = 0;
  let userDataCalls = 0;
  return {
    arrive: (api, { at, mono }) => {
      const arrival: Arrival = { api, at, monoMs: mono, admitted: true, code: null };
      calls += 1;
      arrivals.push(arrival);
      if (arrivals.length > MOST_ARRIVALS * 1.5) arrivals = arrivals.slice(-MOST_ARRIVALS);
      return arrival;
    },
    answered: (arrival, code) => {
      arrival.code = code;
      if (!arrival.admitted) throttled += 1;
      perCode.set(code, (perCode.get(code) ?? 0) + 1);
    },
    userData: () => {
      userDataCalls += 1;
    },
    read: (periodMs) => {
      const kept = arrivals.slice(-MOST_ARRIVALS);
      return {
        calls,
        accepted: calls - throttled,
        throttled,
        maxInAnyPeriod: mostInAnyPeriod(
          kept.map(({ monoMs }) => monoMs),
          periodMs,
        ),
        acceptedMaxInAnyPeriod: mostInAnyPeriod(
          kept.filter(({ admitted }) => admitted).map(({ monoMs }) => monoMs),
          periodMs,
        ),
        perCode: Object.fromEntries(perCode),
        userDataCalls,
        arrivals: kept,
      };
    },
  };
}
