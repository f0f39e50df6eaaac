import type { AlertLetter } from '../domain/alert-decision.ts';
import { reach, type Reached, type ReachDeps } from './reach.ts';

export type CourierDeps = ReachDeps & {
  /** A secret: who knows it can post there. */
  readonly url: string;
  /** Left over by an earlier process, oldest first. */
  readonly waiting: readonly AlertLetter[];
  /** The receiver has it, or it is given up; may throw. */
  readonly drop: (id: string) => void;
  readonly log: AlertLog;
};

export type AlertLog = {
  readonly info: (facts: object, message: string) => void;
  readonly warn: (facts: object, message: string) => void;
  readonly error: (facts: object, message: string) => void;
};

/** Brings letters to the receiver, one after the other, and again until it takes them; nobody ever waits for it. */
export type Courier = {
  /** Returns at once. */
  readonly send: (letters: readonly AlertLetter[]) => void;
  /** Ends what is on its way. What was not taken is brought by the next process. */
  readonly stop: () => Promise<void>;
};

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 15 * 60_000;
/** Later nobody can do anything about it any more, and the log has it. */
const OLDEST_MS = 24 * 3_600_000;
/** More than a day of anything that is told once has; a bound, so that an absent receiver costs no memory. */
const MOST_WAITING = 50;
/** These say that this very letter is wrong, so that bringing it again and again would hold up all that follow. */
const NOT_THIS_ONE: readonly number[] = [400, 413, 422];
const TRIES_OF_A_WRONG_ONE = 3;
/** Of a letter that is too old: its age is that of a clock which may have been set since it was made. */
const TRIES_OF_AN_OLD_ONE = 3;

/** A letter on its way. The tries are those of this process. */
type Waiting = {
  readonly letter: AlertLetter;
  /** Monotonic ms, before the process began for one that it has inherited. */
  readonly madeAt: number;
  tries: number;
  /** Of them those by which it is to blame itself. */
  wrong: number;
};

export function createCourier(deps: CourierDeps): Courier {
  const { clock, log } = deps;
  const stopping = new AbortController();
  const aged = (letter: AlertLetter, ageMs: number): Waiting => {
    return { letter, madeAt: clock.monotonic() - ageMs, tries: 0, wrong: 0 };
  };
  let queue = deps.waiting.map((letter) => aged(letter, Math.max(clock.now() - letter.madeAt, 0)));
  let failures = 0;
  let underWay: Promise<void> | null = null;

  const remove = (waiting: Waiting) => {
    const { id } = waiting.letter;
    queue = queue.filter((other) => other !== waiting);
    try {
      deps.drop(id);
    } catch (error) {
      log.warn({ alert: id, error }, 'an alert could not be crossed out; the next start sends it again');
    }
  };
  const giveUp = (waiting: Waiting, why: string) => {
    log.error({ alert: waiting.letter.id, why }, 'an alert is dropped undelivered');
    remove(waiting);
  };
  const bring = async (waiting: Waiting) => {
    const reached = await reach(deps, deps.url, { method: 'POST', json: waiting.letter.body }, stopping.signal);
    if (stopping.signal.aborted) return;
    if (reached.ok) {
      if (failures > 0) log.info({}, 'alerts are received again');
      failures = 0;
      remove(waiting);
      return;
    }
    failures += 1;
    waiting.tries += 1;
    if (isWrong(reached)) waiting.wrong += 1;
    if (failures === 1) log.warn(factsOf(reached), 'an alert is not received; LEDGER_ALERT_URL says where it goes');
    if (waiting.wrong >= TRIES_OF_A_WRONG_ONE) {
      failures = 0;
      giveUp(waiting, 'the receiver does not accept it');
      return;
    }
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 20), LONGEST_PAUSE_MS);
    await clock.sleep(pauseMs, stopping.signal).catch(() => undefined);
  };
  const bringAll = async () => {
    for (let first = queue[0]; first !== undefined && !stopping.signal.aborted; first = queue[0]) {
      const isOld = clock.monotonic() - first.madeAt > OLDEST_MS && first.tries >= TRIES_OF_AN_OLD_ONE;
      if (isOld) giveUp(first, 'the receiver was away for a day');
      else await bring(first);
    }
    underWay = null;
  };
  const setOut = () => {
    // Not at once: it may come to its end before it is known to be under way, and would stay so.
    underWay ??= Promise.resolve().then(bringAll);
  };
  setOut();
  return {
    send: (letters) => {
      queue = [...queue, ...letters.map((letter) => aged(letter, 0))];
      for (const waiting of queue.slice(0, -MOST_WAITING)) giveUp(waiting, 'too many are waiting');
      setOut();
    },
    stop: async () => {
      stopping.abort(new Error('stopped'));
      await underWay;
    },
  };
}

function isWrong(reached: Reached): boolean {
  return !reached.ok && reached.status !== null && NOT_THIS_ONE.includes(reached.status);
}

/** Never the address, nor a message that may hold it. */
function factsOf(reached: Reached): object {
  return reached.ok ? {} : { why: reached.why, status: reached.status };
}
