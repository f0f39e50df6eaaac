import Bottleneck from 'bottleneck';
import type { CallPurpose } from '../domain/call.ts';
import type { Clock } from '../time.ts';
import { abortReason } from './abort.ts';
import { createPatience, type Patience } from './patience.ts';
import type { Token, TokenPool, TokenPoolOptions, Waiting } from './token-pool.ts';
import { createTokenPool } from './token-pool.ts';

export type Limiter = {
  /**
   * Runs `job` when a token and a lane are free; the most urgent purpose goes first.
   *
   * @throws The job's own error; `signal.reason` when aborted while it waits; an `Error` once stopped.
   */
  readonly run: <T>(purpose: CallPurpose, job: (token: Token) => Promise<T>, signal: AbortSignal) => Promise<T>;
  readonly inUse: () => number;
  /** Asked how many tokens whoever can wait leaves free for the tail; 0 at first. */
  readonly keep: (kept: () => number) => void;
  /** Null while nobody waits for a token. */
  readonly waiting: () => Waiting | null;
  /** Rejects whoever still waits; resolves when the jobs that run have ended. May be called again. */
  readonly stop: () => Promise<void>;
};

/** A slow server (5 s a call) still gets its 10 calls a minute through four lanes; through one it gets eight. */
const LANES = 4;

/**
 * Bottleneck notes by the wall clock when the next job may start, at the earliest when the one before it did: put back by an
 * hour, it would start nothing for an hour. With a least time between two jobs of minus the whole range of dates it never waits.
 */
const NEVER_WAIT_MS = -8.64e15;

/**
 * Bottleneck's priorities, 0 first. The tail goes first because what it misses is what people look at. Settling and chasing are
 * held to what the tail leaves of its share while a backlog waits; what they may ask for then must not wait for the last slice.
 */
const PRIORITIES: Readonly<Record<CallPurpose, number>> = {
  tail: 0,
  backfill: 2,
  isolate: 2,
  recount: 2,
  settle: 1,
  chase: 1,
  verify: 6,
};

/**
 * The budget (I2): bottleneck orders the queue and holds the lanes, the token pool decides. Bottleneck may let a job through
 * a moment too early, so each one takes its token from the pool, and waits where there is none.
 */
export function createLimiter(options: TokenPoolOptions): Limiter {
  const stopping = new AbortController();
  const lanes = createLanes();
  let kept: () => number = () => 0;
  const most = options.terms.calls - 1;
  const patience = createPatience(() => Math.min(kept(), most));
  const pool = createTokenPool(options, (spare) => {
    lanes.mirror(spare);
    patience.tell(spare);
  });
  const unserved = new Set<symbol>();
  const within = { clock: options.clock, lanes, pool, patience, unserved };
  let stopped: Promise<void> | null = null;
  return {
    run: async (purpose, job, signal) => {
      const giveUp = AbortSignal.any([signal, stopping.signal]);
      giveUp.throwIfAborted();
      return await queued(within, { purpose, job }, giveUp);
    },
    inUse: () => pool.inUse(),
    keep: (ask) => {
      kept = ask;
    },
    waiting: () => (unserved.size > 0 ? pool.waiting() : null),
    stop: () => {
      stopping.abort(new Error('the limiter has stopped'));
      pool.stop();
      return (stopped ??= lanes.stop());
    },
  };
}

type Within = {
  readonly clock: Clock;
  readonly lanes: Lanes;
  readonly pool: TokenPool;
  readonly patience: Patience;
  /** Who waits for a token. */
  readonly unserved: Set<symbol>;
};

type Asked<T> = { readonly purpose: CallPurpose; readonly job: (token: Token) => Promise<T> };

/** Whoever can wait leaves the tail its tokens first; then a lane, then a token, then the job. */
async function queued<T>(within: Within, { purpose, job }: Asked<T>, giveUp: AbortSignal): Promise<T> {
  const { clock, lanes, pool, patience, unserved } = within;
  const asking = Symbol(purpose);
  unserved.add(asking);
  const canWait = PRIORITIES[purpose] > PRIORITIES.settle;
  let isOnItsWay = false;
  const served = () => {
    unserved.delete(asking);
    if (isOnItsWay) patience.served();
    isOnItsWay = false;
  };
  const work = async () => {
    const token = await takeToken(pool, giveUp);
    served();
    // A call whose end nobody told may have been sent.
    return await job(token).finally(() => token.failed(clock.monotonic()));
  };
  try {
    const patient = canWait ? patience.wait(giveUp) : null;
    if (patient !== null) await patient;
    isOnItsWay = canWait;
    giveUp.throwIfAborted();
    return await lanes.within(PRIORITIES[purpose], work, giveUp);
  } finally {
    served();
  }
}

async function takeToken(pool: TokenPool, signal: AbortSignal): Promise<Token> {
  const token = await pool.take(signal);
  if (!signal.aborted) return token;
  token.unused();
  throw abortReason(signal);
}

type Lanes = {
  /** Does `work` once there is a lane and a place in the reservoir. @throws `signal.reason` when aborted before that. */
  readonly within: <T>(priority: number, work: () => Promise<T>, signal: AbortSignal) => Promise<T>;
  /** Makes the reservoir hold `spare`, so that bottleneck lets nobody through for whom there is no token. */
  readonly mirror: (spare: number) => void;
  readonly stop: () => Promise<void>;
};

/**
 * Bottleneck, and all that is known of it. Its reservoir has no refresh interval, which would let twice the budget through;
 * its own retry and expiration are not used; a second `stop` rejects.
 */
function createLanes(): Lanes {
  const queue = new Bottleneck({ maxConcurrent: LANES, reservoir: 1, minTime: NEVER_WAIT_MS });
  // It was made with the time of its making as that moment: a first job that does nothing wipes it out.
  queue.schedule({ priority: 0 }, () => Promise.resolve()).catch(() => undefined);
  // What the reservoir will hold once bottleneck has done all it was told; it does so a turn of the event loop later.
  let granted = 0;
  let isStopped = false;

  const mirror = (spare: number) => {
    const change = spare - granted;
    if (change === 0 || isStopped) return;
    granted = spare;
    void queue.incrementReservoir(change);
  };

  const within: Lanes['within'] = (priority, work, signal) =>
    new Promise((resolve, reject) => {
      const onAbort = () => reject(abortReason(signal));
      signal.addEventListener('abort', onAbort, { once: true });
      const occupy = async () => {
        // Bottleneck has taken this one from its reservoir, also where it was given up meanwhile.
        granted -= 1;
        signal.removeEventListener('abort', onAbort);
        if (signal.aborted) mirror(granted + 1);
        else resolve(await work());
      };
      queue.schedule({ priority }, occupy).catch(reject);
    });

  return {
    within,
    mirror,
    stop: async () => {
      isStopped = true;
      await queue.stop({ dropWaitingJobs: true, dropErrorMessage: 'the limiter has stopped' });
    },
  };
}
