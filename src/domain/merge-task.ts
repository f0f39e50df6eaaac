import type { ListedTask, TaskState } from './task.ts';

export type MetadataState = 'held' | 'pending' | 'none' | 'lost';

/** What the ledger holds of a task. Instants are epoch ms. */
export type KnownTask = {
  readonly status: string | null;
  readonly state: TaskState;
  readonly doneAt: number | null;
  readonly doneText: string | null;
  readonly costMicros: number | null;
  readonly metadata: string | null;
  readonly metadataState: MetadataState;
  readonly tag: string | null;
  readonly target: string | null;
  readonly extra: string | null;
  readonly changedCall: number;
};

/** The circumstances in which a row was listed. */
export type Sighting = {
  readonly callId: number;
  /** The row's metadata was asked for. */
  readonly withMetadata: boolean;
  /** Tasks posted before this have left the month: what metadata they lack is lost. Epoch ms. */
  readonly metadataEdge: number;
};

type TaskChange = {
  readonly field: 'status' | 'done' | 'cost';
  readonly old: string | null;
  readonly new: string | null;
};

export type Merge = {
  readonly next: Omit<KnownTask, 'changedCall'>;
  /** Changes of what is kept in the history; empty when at most metadata or unknown fields were filled in. */
  readonly changes: readonly TaskChange[];
  readonly altered: boolean;
  /** The server listed as pending what it had listed as finished: a doubt. */
  readonly reverted: boolean;
};

/** The row as it is first written. */
export function newTask(listed: ListedTask, sighting: Sighting): Omit<KnownTask, 'changedCall'> {
  const { status, state, doneAt, doneText, costMicros, metadata, tag, target, extra } = listed;
  const metadataState = metadataStateOf(listed, sighting);
  return { status, state, doneAt, doneText, costMicros, metadata, metadataState, tag, target, extra };
}

/**
 * Brings together what is known of a task and what a page lists (I3: nothing known is forgotten).
 * A field that the page leaves out never clears one that is known. An answer to a call that had begun before the
 * last change says nothing new; what is not known yet it may still fill in.
 */
export function mergeTask(known: KnownTask, listed: ListedTask, sighting: Sighting): Merge {
  const stale = sighting.callId <= known.changedCall;
  const reverted = !stale && tellsState(listed) && known.state !== 'pending' && listed.state === 'pending';
  const lively = stale || reverted ? known : outcomeOf(known, listed);
  const described = describe(known, stale ? withoutKnown(known, listed) : listed, sighting);
  const next = { ...lively, ...described };
  const changes = changesBetween(known, next);
  return { next, changes, altered: changes.length > 0 || differs(known, next), reverted };
}

type Outcome = Pick<KnownTask, 'status' | 'state' | 'doneAt' | 'doneText' | 'costMicros'>;

/** Every field may be missing: a row with neither status nor done only looks pending. */
function tellsState(listed: ListedTask): boolean {
  return listed.status !== null || hasDone(listed);
}

function hasDone(listed: ListedTask): boolean {
  return listed.doneAt !== null || listed.doneText !== null;
}

/** A stale row, less what is known better. */
function withoutKnown(known: KnownTask, listed: ListedTask): ListedTask {
  return {
    ...listed,
    metadata: known.metadata === null ? listed.metadata : null,
    extra: known.extra === null ? listed.extra : null,
  };
}

function outcomeOf(known: KnownTask, listed: ListedTask): Outcome {
  const isDone = hasDone(listed);
  return {
    status: listed.status ?? known.status,
    state: tellsState(listed) ? listed.state : known.state,
    doneAt: isDone ? listed.doneAt : known.doneAt,
    doneText: isDone ? listed.doneText : known.doneText,
    costMicros: listed.costMicros ?? known.costMicros,
  };
}

type Description = Pick<KnownTask, 'metadata' | 'metadataState' | 'tag' | 'target' | 'extra'>;

function describe(known: KnownTask, listed: ListedTask, sighting: Sighting): Description {
  const extra = listed.extra ?? known.extra;
  if (listed.metadata !== null) {
    return { metadata: listed.metadata, metadataState: 'held', tag: listed.tag, target: listed.target, extra };
  }
  const { metadata, tag, target } = known;
  const keeps = known.metadataState !== 'pending';
  return {
    metadata,
    tag,
    target,
    extra,
    metadataState: keeps ? known.metadataState : metadataStateOf(listed, sighting),
  };
}

function metadataStateOf(listed: ListedTask, sighting: Sighting): MetadataState {
  if (listed.metadata !== null) return 'held';
  if (sighting.withMetadata && listed.state !== 'pending') return 'none';
  return listed.postedAt < sighting.metadataEdge ? 'lost' : 'pending';
}

function changesBetween(known: KnownTask, next: Outcome): TaskChange[] {
  const changes: TaskChange[] = [];
  if (known.status !== next.status) changes.push({ field: 'status', old: known.status, new: next.status });
  if (known.doneText !== next.doneText) changes.push({ field: 'done', old: known.doneText, new: next.doneText });
  if (known.costMicros !== next.costMicros) {
    changes.push({ field: 'cost', old: dollarsText(known.costMicros), new: dollarsText(next.costMicros) });
  }
  return changes;
}

function differs(known: KnownTask, next: Omit<KnownTask, 'changedCall'>): boolean {
  return (
    known.state !== next.state ||
    known.doneAt !== next.doneAt ||
    known.metadata !== next.metadata ||
    known.metadataState !== next.metadataState ||
    // They come from the metadata, and are set right where somebody has changed them alone.
    known.tag !== next.tag ||
    known.target !== next.target ||
    known.extra !== next.extra
  );
}

function dollarsText(micros: number | null): string | null {
  return micros === null ? null : String(micros / 1e6);
}
