import { reach, type ReachDeps } from './reach.ts';

export type HeartbeatDeps = ReachDeps & {
  readonly url: string;
  readonly log: {
    readonly info: (facts: object, message: string) => void;
    readonly warn: (facts: object, message: string) => void;
  };
};

/** A dead man's switch: whoever listens raises the alarm when it falls silent, also when this machine is gone. */
export type Heartbeat = {
  /** To be called after each good reading of the tail. Returns at once; while one beat is on its way there is no other. */
  readonly beat: () => void;
  /** Ends what is on its way. */
  readonly stop: () => Promise<void>;
};

/** A beat that fails is not made again: the next reading brings the next one. The first failure in a row is logged. */
export function createHeartbeat({ url, log, ...deps }: HeartbeatDeps): Heartbeat {
  const stopping = new AbortController();
  let underWay: Promise<void> | null = null;
  let isFailing = false;
  const once = async () => {
    const reached = await reach(deps, url, { method: 'GET' }, stopping.signal);
    if (!reached.ok && reached.why === 'aborted') return;
    if (!reached.ok && !isFailing) {
      const { why, status } = reached;
      log.warn({ why, status }, 'the heartbeat is not received; LEDGER_HEARTBEAT_URL says where it goes');
    }
    if (reached.ok && isFailing) log.info({}, 'the heartbeat is received again');
    isFailing = !reached.ok;
  };
  return {
    beat: () => {
      if (stopping.signal.aborted) return;
      underWay ??= once().finally(() => {
        underWay = null;
      });
    },
    stop: async () => {
      stopping.abort(new Error('stopped'));
      await underWay;
    },
  };
}
