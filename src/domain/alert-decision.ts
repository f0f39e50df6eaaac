/** What a person is told of. `loss_ahead`: something will leave its window unread within a day. */
export type AlertKind = 'parked' | 'behind' | 'loss_ahead' | 'doubt' | 'disk';

/** 1: look at it soon · 2: something is being lost, or nothing works, until somebody acts. */
type Severity = 1 | 2;

/** What is wrong at one look. All that is told of it later is in `facts`, which the decision does not look at. */
export type Condition = {
  readonly kind: AlertKind;
  /** Null where it concerns the whole account or machine. */
  readonly api: string | null;
  readonly severity: Severity;
  /** It holds, but another condition says so already: told it stays told, untold it is not told now. */
  readonly muted: boolean;
  /** Whether it holds cannot be told now: what is remembered of it stays as it is, and nothing is told. */
  readonly unsure: boolean;
  /** How many there are, for a kind that only ever grows: doubts. 0 for the others. */
  readonly count: number;
};

/** What is remembered of a condition, told or not yet; it outlives the process. Instants are epoch ms of the server's clock. */
export type AlertMemory = {
  readonly kind: AlertKind;
  readonly api: string | null;
  /** When it began to hold. */
  readonly since: number;
  readonly seenAt: number;
  /** Since when it holds no more; null while it does. */
  readonly clearSince: number | null;
  /** The worst that was told; 0 for nothing yet. */
  readonly told: Severity | 0;
  readonly toldAt: number | null;
  /** As many as were told of. */
  readonly count: number;
};

/** One thing to tell now. */
export type Notice = {
  readonly kind: AlertKind;
  readonly api: string | null;
  readonly status: 'raised' | 'recovered';
  readonly severity: Severity;
  readonly since: number;
  readonly at: number;
  /** How many there are more than were told of. */
  readonly more: number;
};

export type AlertDecision = { readonly memory: readonly AlertMemory[]; readonly notices: readonly Notice[] };

/** How long it must hold before it is told, and must not hold before it is over: a server that comes and goes is told once. */
type Patience = { readonly holdMs: number; readonly clearMs: number };

const MINUTE_MS = 60_000;

const PATIENCE: Readonly<Record<Exclude<AlertKind, 'doubt'>, Patience>> = {
  // The first pause is a period: refused once may be a slip of the server, refused twice is meant. While it is asked again it
  // looks for a minute or two as if all were well.
  parked: { holdMs: 1.5 * MINUTE_MS, clearMs: 5 * MINUTE_MS },
  behind: { holdMs: 2 * MINUTE_MS, clearMs: 2 * MINUTE_MS },
  // What is reckoned from the first pages of a backfill is rough.
  loss_ahead: { holdMs: 10 * MINUTE_MS, clearMs: 10 * MINUTE_MS },
  disk: { holdMs: 0, clearMs: 10 * MINUTE_MS },
};

/** A server that contradicts itself does so a hundred times in a row: that is one message an hour. */
const DOUBTS_APART_MS = 60 * MINUTE_MS;

/** Looks are this far apart only when nobody looked: then nothing is known of the time between. */
const UNSEEN_MS = 15 * MINUTE_MS;

/**
 * What to tell, of what is wrong now and what was told before. Each onset is told once, each recovery once, also over restarts
 * as long as the memory is kept; what gets worse is told once more.
 *
 * @param now - Epoch ms of the server's clock; may jump.
 */
export function decideAlerts(seen: readonly Condition[], memory: readonly AlertMemory[], now: number): AlertDecision {
  const known = new Map(memory.map((one) => [keyOf(one), recalled(one, now)]));
  const present = new Map(seen.map((condition) => [keyOf(condition), condition]));
  const steps = [...new Set([...known.keys(), ...present.keys()])].map((key) =>
    step(present.get(key) ?? null, known.get(key) ?? null, now),
  );
  return {
    memory: steps.flatMap(({ memory: kept }) => kept ?? []),
    notices: steps.flatMap(({ notice }) => notice ?? []),
  };
}

type Step = { readonly memory: AlertMemory | null; readonly notice: Notice | null };

const NOTHING: Step = { memory: null, notice: null };

function keyOf({ kind, api }: { readonly kind: AlertKind; readonly api: string | null }): string {
  return `${kind} ${api ?? ''}`;
}

/** What was not told yet, or was nearly over, begins anew after a time in which nobody looked, or a jump of the clock. */
function recalled(memory: AlertMemory, now: number): AlertMemory | null {
  const isFresh = now >= memory.seenAt && now - memory.seenAt <= UNSEEN_MS;
  if (isFresh) return memory;
  return memory.told === 0 ? null : { ...memory, since: Math.min(memory.since, now), clearSince: null };
}

function step(condition: Condition | null, known: AlertMemory | null, now: number): Step {
  if (condition === null) return known === null ? NOTHING : fading(known, now);
  if (condition.unsure) return { memory: known, notice: null };
  if (condition.kind === 'doubt') return counted(condition, known, now);
  const memory = { ...(known ?? begun(condition, now)), seenAt: now, clearSince: null };
  if (condition.muted && memory.told === 0) return NOTHING;
  const isDue = memory.told > 0 || now - memory.since >= PATIENCE[condition.kind].holdMs;
  if (condition.muted || !isDue || memory.told >= condition.severity) return { memory, notice: null };
  const told = { ...memory, told: condition.severity, toldAt: now };
  return { memory: told, notice: noticeOf(told, 'raised', { at: now, more: 0 }) };
}

function begun({ kind, api }: Condition, now: number): AlertMemory {
  return { kind, api, since: now, seenAt: now, clearSince: null, told: 0, toldAt: null, count: 0 };
}

/** It holds no more; for how long already? */
function fading(known: AlertMemory, now: number): Step {
  // Doubts stay on record; where there are none this is another ledger, and what was told was not of it.
  if (known.kind === 'doubt') return NOTHING;
  const clearSince = known.clearSince ?? now;
  if (now - clearSince < PATIENCE[known.kind].clearMs)
    return { memory: { ...known, seenAt: now, clearSince }, notice: null };
  return { memory: null, notice: known.told === 0 ? null : noticeOf(known, 'recovered', { at: now, more: 0 }) };
}

/** What only ever grows has no end; what came since it was last told is told together. */
function counted(condition: Condition, known: AlertMemory | null, now: number): Step {
  const before = known ?? begun(condition, now);
  const memory = { ...before, seenAt: now, count: Math.min(before.count, condition.count) };
  const more = condition.count - memory.count;
  // A clock that was put back must not make it silent for long.
  const isSoon = memory.toldAt !== null && Math.abs(now - memory.toldAt) < DOUBTS_APART_MS;
  if (more <= 0 || isSoon) return { memory, notice: null };
  const told = { ...memory, told: condition.severity, toldAt: now, count: condition.count };
  return { memory: told, notice: noticeOf({ ...told, since: memory.toldAt ?? now }, 'raised', { at: now, more }) };
}

function noticeOf(
  memory: AlertMemory,
  status: Notice['status'],
  { at, more }: { readonly at: number; readonly more: number },
): Notice {
  const { kind, api, since, told } = memory;
  return { kind, api, status, severity: told === 2 ? 2 : 1, since, at, more };
}

/** An alert on its way: what is posted, until the receiver has taken it. */
export type AlertLetter = {
  /** Of the condition, its onset and what became of it, so that a receiver can tell a letter that comes twice. */
  readonly id: string;
  /** JSON, without a secret. */
  readonly body: string;
  /** Epoch ms of this machine's clock. */
  readonly madeAt: number;
};
