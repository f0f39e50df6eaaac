import { withHint } from '../domain/errors.ts';
import type { Word } from '../domain/vitals.ts';
import type { Harvest } from './harvester.ts';

/** What a process means to do, where nothing keeps it from it. Instants are epoch ms of the server's clock. */
export type Doing = {
  readonly state: 'harvesting' | 'idle' | 'waiting' | 'parked';
  readonly reason: string;
  readonly until: number | null;
};

export const READS_BACKLOG: Doing = {
  state: 'harvesting',
  reason: 'reads what the ledger does not hold yet',
  until: null,
};

/** The voice of a process that holds the ledger: its own word on what it is doing, for other processes and for the log. */
export type Voice = {
  /** Writes it down when it has changed, and now and then. */
  readonly say: (doing: Doing) => void;
  /** The last word, once nothing is in flight any more. */
  readonly stop: () => void;
};

/** While it works its word is at most so old. */
const SAID_AGAIN_MS = 20_000;

export function createVoice(harvest: Harvest): Voice {
  const { ledger, log, serverClock, worker, hear } = harvest.deps;
  let last: Doing & { readonly at: number } = { state: 'idle', reason: '', until: null, at: 0 };
  const speak = (word: Word & { readonly at: number }) => {
    hear?.(word);
    try {
      ledger.setDaemonState({ ...word, ...worker });
    } catch (error) {
      // The log has it, and this process heard it. Others see that its last word is old, or that it holds no lock.
      log.debug({ error: String(error) }, 'the state could not be written down');
    }
  };
  return {
    say: (meant) => {
      const at = serverClock.now();
      const doing = heldBack(harvest, meant, at);
      const isNew = doing.state !== last.state || doing.reason !== last.reason;
      if (!isNew && doing.until === last.until && Math.abs(at - last.at) < SAID_AGAIN_MS) return;
      if (isNew)
        log[doing.state === 'parked' ? 'warn' : 'info'](
          { ...doing, until: doing.until === null ? null : new Date(doing.until).toISOString() },
          'state',
        );
      last = { ...doing, at };
      speak(last);
    },
    stop: () => speak({ state: 'stopped', reason: 'stopped in good order', until: null, at: serverClock.now() }),
  };
}

/** What comes of it as the server treats us. */
function heldBack({ deps, standing }: Harvest, meant: Doing, now: number): Doing {
  const paused = standing.pausedUntil(now);
  if (paused !== null) {
    return { state: paused.parked ? 'parked' : 'waiting', reason: paused.reason, until: paused.until };
  }
  const refused = standing.apiRefusals().filter(({ api }) => deps.policy.apis.includes(api));
  if (refused.length === 0) return meant;
  const reason = refused.map(({ api, error }) => `${api} is refused: ${withHint(error)}`).join(' ');
  if (refused.length < deps.policy.apis.length) return { ...meant, reason: `${meant.reason}; ${reason}` };
  const until = Math.min(...refused.map((refusal) => refusal.until));
  // It has come when the API is being asked again.
  return { state: 'parked', reason, until: until > now ? until : null };
}
