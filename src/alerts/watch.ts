import { conditionsOf, type AlertTerms } from '../domain/alert-conditions.ts';
import { decideAlerts, type AlertLetter, type AlertMemory, type Notice } from '../domain/alert-decision.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { Clock } from '../time.ts';
import type { AlertLog, Courier } from './courier.ts';
import { letterOf, type Scene, type Sender } from './letter.ts';

export type WatchDeps = {
  readonly clock: Clock;
  readonly log: AlertLog;
  readonly terms: AlertTerms;
  /** What the ledger says of itself now; may throw. */
  readonly look: () => Snapshot;
  readonly newestDoubts: Scene['newestDoubts'];
  /** Null without a receiver: then the log alone is told. */
  readonly post: { readonly courier: Courier; readonly sender: Sender } | null;
  readonly keep: KeepAlerts;
  /** What an earlier process has told. */
  readonly memory: readonly AlertMemory[];
};

/** Writes down, as one, what was told and what is to be delivered; may throw. */
type KeepAlerts = (memory: readonly AlertMemory[], letters: readonly AlertLetter[]) => void;

/** Looks at the ledger beside the harvest, and tells what a person should know. */
export type Watch = { readonly stop: () => Promise<void> };

/** What must be told within minutes need not be looked for more often; a look takes milliseconds. */
const LOOK_MS = 15_000;
/** What only shows that somebody looked is written this often; `UNSEEN_MS` of the decision is three times as long. */
const KEPT_AGAIN_MS = 5 * 60_000;

export function startWatch(deps: WatchDeps): Watch {
  const stopping = new AbortController();
  const look = createLook(deps);
  const isTime = () =>
    deps.clock.sleep(LOOK_MS, stopping.signal).then(
      () => true,
      () => false,
    );
  const watching = (async () => {
    while (await isTime()) look();
  })();
  return {
    stop: async () => {
      stopping.abort(new Error('stopped'));
      await watching;
    },
  };
}

/** One look, which never throws: a ledger that cannot be read or written is the harvest's to say. */
function createLook(deps: WatchDeps): () => void {
  const { log, terms } = deps;
  const keep = createKeeper(deps);
  let memory = deps.memory;
  let isBlind = false;
  return () => {
    try {
      const snapshot = deps.look();
      const decision = decideAlerts(conditionsOf(snapshot, terms, memory), memory, Date.parse(snapshot.at));
      memory = decision.memory;
      const scene = { snapshot, terms, newestDoubts: deps.newestDoubts };
      keep(memory, writeLetters(decision.notices, scene, deps));
      isBlind = false;
    } catch (error) {
      if (!isBlind) log.warn({ error }, 'the ledger could not be looked at for alerts');
      isBlind = true;
    }
  };
}

function writeLetters(notices: readonly Notice[], scene: Scene, { log, post, clock }: WatchDeps): AlertLetter[] {
  for (const { kind, api, status, since, at } of notices) {
    const facts = { alert: kind, api, since: new Date(since).toISOString(), at: new Date(at).toISOString() };
    if (status === 'raised') log.warn(facts, 'alert');
    else log.info(facts, 'alert is over');
  }
  if (post === null) return [];
  const sender = { ...post.sender, madeAt: clock.now() };
  return notices.map((notice) => letterOf(notice, scene, sender));
}

/**
 * First written down, then sent: what a kill interrupts is sent by the next process. Where nothing can be written, as on a full
 * disk, it is sent all the same; who told it is then known by this process only.
 */
function createKeeper({ post, keep, log, memory: before }: WatchDeps) {
  let kept = before;
  let isFailing = false;
  return (memory: readonly AlertMemory[], letters: readonly AlertLetter[]): void => {
    try {
      if (letters.length > 0 || isWorthKeeping(kept, memory)) {
        keep(memory, letters);
        kept = memory;
      }
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.warn({ error }, 'what was told could not be written down');
      isFailing = true;
    }
    if (letters.length > 0) post?.courier.send(letters);
  };
}

function isWorthKeeping(kept: readonly AlertMemory[], memory: readonly AlertMemory[]): boolean {
  const but = (one: AlertMemory) => JSON.stringify({ ...one, seenAt: 0 });
  if (kept.map(but).join() !== memory.map(but).join()) return true;
  return memory.some((one, index) => Math.abs(one.seenAt - (kept[index]?.seenAt ?? 0)) >= KEPT_AGAIN_MS);
}
