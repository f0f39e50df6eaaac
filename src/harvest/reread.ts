import { slicesOf, slicesThrough, slicesToReread, type RereadPlan } from '../domain/reread.ts';
import type { RereadReport, RereadSlice, VerifyProgress } from '../domain/verification.ts';
import type { Walk } from '../domain/walk.ts';
import type { EvidenceReader } from '../ledger/evidence-reader.ts';
import type { SavedPage } from '../ledger/save-page.ts';
import { createHarvest, type Harvest, type HarvestDeps } from './harvester.ts';
import { createVoice, type Doing } from './voice.ts';

export type RereadWish = {
  readonly evidence: EvidenceReader;
  /** How many slices, the ones with the oldest evidence first. */
  readonly slices: number;
  /** The kept sums are not those of the tasks. */
  readonly sumsDiffer: boolean;
  readonly onProgress: (progress: VerifyProgress) => void;
};

/** A slice being read again. */
type Rereading = { readonly plan: RereadPlan; readonly walk: Walk; newTasks: number; changedTasks: number };

/**
 * Walks the slices with the oldest evidence once more, by the ordinary client, budget and proof. What differs is repaired by
 * saving the pages as ever: new tasks are added, changes recorded, and tasks no longer listed become doubts.
 *
 * @throws {DataForSeoError} `account_refused` or `api_refused` when a person must act. @throws {LedgerError}
 */
export async function reread(deps: HarvestDeps, wish: RereadWish, signal: AbortSignal): Promise<RereadReport> {
  const { ledger, serverClock, policy } = deps;
  const firstCall = ledger.journal.newestCall();
  const begun = new Map<number, Rereading>();
  const onPage = ({ walk, newTasks, altered }: SavedPage) => {
    const reading = begun.get(walk.id);
    if (reading === undefined) return;
    reading.newTasks += newTasks;
    reading.changedTasks += altered;
    tell();
  };
  const harvest = createHarvest(deps, { onPage }, signal);
  const voice = createVoice(harvest);
  const terms = { pictures: policy.apis.map(ledger.picture), now: serverClock.now(), policy };
  const parts = slicesToReread(wish.evidence.oldest(), terms, wish.slices);
  const waiting = [...parts];
  const of = slicesOf(parts);
  const tell = () => {
    const through = new Set(
      [...begun.values()].filter(({ walk }) => !harvest.lanes.has(walk.id)).map(({ plan }) => plan),
    );
    const slices = slicesThrough(parts, (part) => through.has(part));
    const paused = harvest.standing.pausedUntil(serverClock.now());
    const calls = ledger.journal.newestCall() - firstCall;
    const { rows } = harvest.totals;
    wish.onProgress({ kind: 'rereading', slices, of, rows, calls, waiting: paused?.reason ?? null });
  };
  try {
    for (;;) {
      signal.throwIfAborted();
      throwRefusal(harvest);
      startNext(harvest, waiting, begun);
      voice.say(READS_AGAIN);
      tell();
      if (harvest.lanes.size() === 0 && waiting.length === 0) break;
      await harvest.lanes.wait(waitMs(harvest));
    }
  } finally {
    await harvest.lanes.stop();
    dropUnfinished(harvest, begun);
    voice.stop();
  }
  const slices = [...begun.values()].map((reading) => sliceOf(reading, wish.evidence));
  const stretches = slicesOf([...begun.values()].map(({ plan }) => plan));
  if (wish.sumsDiffer) ledger.mendSums();
  return { calls: ledger.journal.newestCall() - firstCall, stretches, slices, sumsMended: wish.sumsDiffer };
}

const READS_AGAIN: Doing = { state: 'harvesting', reason: 'slices are read again, to verify them', until: null };

function throwRefusal({ standing }: Harvest): void {
  const refusal = standing.refusals()[0];
  if (refusal !== undefined) throw refusal;
}

function startNext(harvest: Harvest, waiting: RereadPlan[], begun: Map<number, Rereading>): void {
  const { standing, lanes, deps } = harvest;
  const { ledger, serverClock, policy } = deps;
  if (standing.pausedUntil(serverClock.now()) !== null) return;
  const most = standing.troubled() ? 1 : policy.lanes;
  while (lanes.size() < most) {
    const plan = waiting.shift();
    if (plan === undefined) return;
    const { api, grade, since, until } = plan;
    const walk = ledger.beginWalk(
      { api, grade, range: { since, until }, limit: policy.limit, openingPages: 0, purpose: 'verify' },
      serverClock.now(),
    );
    begun.set(walk.id, { plan, walk, newTasks: 0, changedTasks: 0 });
    harvest.start({ kind: 'resume', walk });
  }
}

const LOOK_UP_MS = 1_000;

function waitMs({ standing, lanes, deps }: Harvest): number {
  const now = deps.serverClock.now();
  const paused = standing.pausedUntil(now)?.until;
  return lanes.size() > 0 || paused === undefined ? LOOK_UP_MS : Math.min(Math.max(paused - now, 1), LOOK_UP_MS);
}

/** An interrupted one would be gone on with by the next run, which has no use for it. */
function dropUnfinished({ deps }: Harvest, begun: ReadonlyMap<number, Rereading>): void {
  for (const walk of deps.ledger.openWalks()) {
    if (begun.has(walk.id)) deps.ledger.endWalk(walk, 'dropped', deps.serverClock.now());
  }
}

function sliceOf({ plan, walk, newTasks, changedTasks }: Rereading, evidence: EvidenceReader): RereadSlice {
  const found = evidence.findings(walk.id);
  return {
    api: plan.api,
    grade: plan.grade,
    since: iso(plan.since),
    until: iso(plan.until),
    readAt: iso(plan.readAt),
    failure: found.outcome === 'covered' ? null : (found.failure ?? 'it was not read to its end'),
    rows: found.rows,
    newTasks,
    changedTasks,
    unlistedTasks: found.unlistedTasks.length,
    examples: {
      new: newTasks === 0 ? [] : found.newTasks,
      changed: changedTasks === 0 ? [] : found.changedTasks,
      unlisted: found.unlistedTasks.slice(0, MOST_EXAMPLES),
    },
  };
}

const MOST_EXAMPLES = 10;

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
