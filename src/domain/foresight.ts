import type { TimeRange } from './time-range.ts';

/** A gap and the calls that it will take; at least one where its density is unknown. */
export type Demand = TimeRange & {
  readonly calls: number;
  /** When its oldest second leaves the window, epoch ms; each later second leaves so much later. */
  readonly expiresAt: number;
};

export type Capacity = {
  readonly now: number;
  /** ms a call, on average, while there is work. */
  readonly callMs: number;
};

/**
 * What will leave its window before its turn, whatever is done (I7).
 *
 * Reading goes by the earliest deadline. Up to some moment τ the calls whose deadline lies before τ may exceed those that can
 * be made until then; the largest such excess is lost anyway. It is taken from the earliest deadlines on: chasing an edge
 * that moves as fast as one reads saves nothing, stepping forward by what is lost saves all the rest.
 *
 * @returns Of each demand the stretch at its beginning that cannot be read in time; null where all of it can.
 */
export function foretoldLosses(demands: readonly Demand[], capacity: Capacity): (TimeRange | null)[] {
  const excess = largestExcess(demands, capacity);
  // Half a call is what estimates are rounded by.
  if (excess <= 0.5) return demands.map(() => null);
  const cutAt = momentOfCalls(demands, excess);
  return demands.map((demand) => {
    const until = Math.min(demand.since + Math.max(cutAt - demand.expiresAt, 0), demand.until);
    const whole = Math.floor(until / 1000) * 1000;
    return whole > demand.since ? { since: demand.since, until: whole } : null;
  });
}

/** Calls with a deadline before `at`. */
function callsDue(demands: readonly Demand[], at: number): number {
  return demands.reduce((sum, demand) => sum + demand.calls * shareDue(demand, at), 0);
}

/** Share of a demand whose deadline lies before `at`, 0 … 1. */
function shareDue(demand: Demand, at: number): number {
  return Math.min(Math.max((at - demand.expiresAt) / (demand.until - demand.since), 0), 1);
}

/** Between two deadlines where a demand begins or ends everything grows evenly, so the excess is largest at one of them. */
function largestExcess(demands: readonly Demand[], { now, callMs }: Capacity): number {
  const moments = demands.flatMap((demand) => [demand.expiresAt, lastDeadline(demand)]);
  return Math.max(0, ...moments.map((at) => callsDue(demands, at) - Math.max(at - now, 0) / callMs));
}

/** The moment before which so many calls are due. */
function momentOfCalls(demands: readonly Demand[], calls: number): number {
  const moments = demands.flatMap((demand) => [demand.expiresAt, lastDeadline(demand)]).sort((a, b) => a - b);
  let [before, dueBefore] = [moments[0] ?? 0, 0];
  for (const at of moments) {
    const due = callsDue(demands, at);
    if (due >= calls)
      return due === dueBefore ? at : before + ((at - before) * (calls - dueBefore)) / (due - dueBefore);
    [before, dueBefore] = [at, due];
  }
  return before;
}

function lastDeadline(demand: Demand): number {
  return demand.expiresAt + demand.until - demand.since;
}
