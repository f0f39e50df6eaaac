import type { AnsweredCall, BudgetTerms, PastCall, StartMoment, TokenState } from '../../src/domain/budget.ts';
import { nextFreeAt, onThisClock, returnToken, takeToken } from '../../src/domain/budget.ts';

/** The part of the arithmetic that a test may replace by a wrong one. */
export type Rules = {
  readonly tokensAtStart: (terms: BudgetTerms, history: readonly PastCall[], start: StartMoment) => TokenState;
  readonly tokenBackAt: (terms: BudgetTerms, call: AnsweredCall, trusted: boolean) => number;
  readonly tokenBackAfterFailure: (terms: BudgetTerms, closedMono: number) => number;
};

/** What network, server and operator do. Delays in ms; chances 0 … 1. */
export type World = {
  readonly seed: number;
  /** One way, without jitter. */
  readonly delayMs: number;
  /** The most that a packet may be late, at most 4.5 s. */
  readonly jitterMs: number;
  readonly executionMs: number;
  readonly lossChance: number;
  /** How often the server's `time` is more than the round trip. */
  readonly lieChance: number;
  /** How often an answer takes up to the timeout and longer. */
  readonly slowChance: number;
  /** How often a process is killed, in periods; Infinity: never. */
  readonly lifePeriods: number;
  /** Settings with which a process may start instead of the server's own terms. */
  readonly otherTerms?: BudgetTerms;
};

const TIMEOUT_MS = 60_000;
const LANES = 4;

/**
 * A greedy client and a server that notes when each call arrives, on one true time. The client sees only its own clocks, which
 * a restart may change. @returns The arrivals, sorted, in true ms.
 */
export function runModel(terms: BudgetTerms, world: World, { rules, periods }: { rules: Rules; periods: number }) {
  const random = randomOf(world.seed);
  const arrivals: number[] = [];
  const journal: JournalRow[] = [];
  const endsAt = periods * terms.periodMs;
  let machine = { boot: 'boot-0', monoOffset: 5_000_000, wallOffset: 1_700_000_000_000 };

  for (let bornAt = 0, life = 0; bornAt < endsAt; life += 1) {
    const diesAt = Math.min(endsAt, bornAt + world.lifePeriods * terms.periodMs * random() * 2);
    liveFrom(bornAt, diesAt, world.otherTerms !== undefined && random() < 0.5 ? world.otherTerms : terms);
    // A process may be back at once, or when nothing of it is left in any window.
    bornAt = diesAt + (random() < 0.7 ? random() * 2_000 : random() * 3 * terms.periodMs);
    machine = restarted(machine, life, random());
  }
  return arrivals.sort((a, b) => a - b);

  function liveFrom(bornAt: number, diesAt: number, terms: BudgetTerms) {
    const { boot, monoOffset, wallOffset } = machine;
    const start = { mono: bornAt + monoOffset, wall: bornAt + wallOffset, boot };
    let state = rules.tokensAtStart(terms, historyAt(bornAt, start, terms), start);
    const ends: { at: number; backMono: number }[] = [];
    for (let now = bornAt; now < diesAt;) {
      const next = ends.length < LANES ? takeToken(state, now + monoOffset) : null;
      if (next !== null) {
        state = next;
        ends.push(send(now));
        ends.sort((a, b) => a.at - b.at);
        continue;
      }
      const freeAt = ends.length < LANES ? nextFreeAt(state, now + monoOffset) - monoOffset : Infinity;
      const end = ends[0];
      if (end !== undefined && end.at <= freeAt) {
        ends.shift();
        now = Math.max(now, end.at);
        if (now < diesAt) state = returnToken(state, end.backMono);
      } else now = freeAt;
    }

    function send(now: number) {
      const sentMono = now + monoOffset;
      const { periodMs } = terms;
      const call = { sentAt: now + wallOffset, sentMono, boot, periodMs, answered: null };
      const isSlow = random() < world.slowChance;
      const executionMs = world.executionMs * (0.5 + random()) + (isSlow ? random() * 70_000 : 0);
      const arrivedAt = now + world.delayMs + random() * world.jitterMs;
      const headersAt = arrivedAt + (random() < 0.2 ? 0 : executionMs) + world.delayMs + random() * world.jitterMs;
      const answeredAt = Math.max(headersAt, arrivedAt + executionMs + world.delayMs) + random() * 50;
      const isArrived = random() >= world.lossChance;
      if (isArrived) arrivals.push(arrivedAt);
      const isAnswered = isArrived && random() >= world.lossChance && answeredAt < now + TIMEOUT_MS;
      const at = isAnswered ? answeredAt : now + TIMEOUT_MS;
      const lie = at - now + random() * 30_000 + 0.001;
      const backMono = isAnswered
        ? rules.tokenBackAt(
            terms,
            {
              sentMono,
              headersMono: headersAt + monoOffset,
              answeredMono: at + monoOffset,
              executionMs: random() < world.lieChance ? lie : executionMs,
            },
            true,
          )
        : rules.tokenBackAfterFailure(terms, at + monoOffset);
      const answered = { answeredAt: at + wallOffset, tokenBackMono: backMono, throttled: false };
      // The end is saved with the page, a moment later; a kill in between loses it.
      journal.push({ call, savedAt: at < diesAt ? at + random() * 40 : Infinity, answered });
      return { at, backMono };
    }
  }

  /** What the ledger hands to `tokensAtStart`, and has put on the clock of the new process for the starts after it. */
  function historyAt(now: number, start: StartMoment, terms: BudgetTerms): PastCall[] {
    for (const row of journal) {
      // What was not saved by the death of its process never is.
      if (row.savedAt > now) Object.assign(row, { savedAt: Infinity, answered: null });
      else row.call = { ...row.call, answered: row.answered };
    }
    const back = (row: JournalRow) => row.call.answered?.tokenBackMono ?? -Infinity;
    const answered = journal.filter((row) => row.call.answered !== null);
    const lastTokens = answered.filter((row) => row.call.boot === start.boot).sort((a, b) => back(b) - back(a));
    const told = new Set([
      ...journal.filter((row) => row.call.answered === null),
      ...lastTokens.slice(0, terms.calls),
      ...journal.slice(-terms.calls),
    ]);
    const rows = [...told];
    const history = rows.map((row) => row.call);
    for (const [index, call] of onThisClock(terms, history, start).entries()) {
      Object.assign(rows[index]!, { call, answered: call.answered, savedAt: now });
    }
    return history;
  }
}

type JournalRow = { call: PastCall; savedAt: number; answered: PastCall['answered'] };

/** In the same boot, in another, after a step of the wall clock, or restored to an earlier moment of the same boot. */
function restarted(
  machine: { readonly boot: string; readonly monoOffset: number; readonly wallOffset: number },
  life: number,
  chance: number,
) {
  const { monoOffset, wallOffset } = machine;
  if (chance < 0.5) return machine;
  const boot = `boot-${String(life + 1)}`;
  if (chance < 0.6) return { ...machine, boot, monoOffset: monoOffset - 4_000_000 * chance };
  if (chance < 0.7) return { ...machine, boot, monoOffset: monoOffset + 4_000_000 * chance };
  if (chance < 0.85) return { ...machine, wallOffset: wallOffset + (chance - 0.775) * 1e7 };
  return { ...machine, monoOffset: monoOffset - 100_000 * chance };
}

/** The most arrivals in any sliding period. */
export function mostInAnyPeriod(arrivals: readonly number[], periodMs: number): number {
  let most = 0;
  for (let first = 0, last = 0; last < arrivals.length; last += 1) {
    while (arrivals[last]! - arrivals[first]! >= periodMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** mulberry32: the same numbers for the same seed, on every machine. */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
