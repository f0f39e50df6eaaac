import type Database from 'better-sqlite3';
import { claim, iso } from './failure.ts';
import type { Fact, Facts } from './facts.ts';

export type TruthScene = {
  /** The ledger, for reading. */
  readonly database: Database.Database;
  readonly facts: Facts;
  readonly apis: readonly string[];
  /** The server's now, epoch ms. */
  readonly now: number;
  /** What the machine's wall clock said, as the server's time; the earliest where it said so more than once. */
  readonly serverTimeOf: (wall: number) => number;
  /** When a walk's first call was sent, by the server's clock; remembered, for the journal does not keep its calls for ever. */
  readonly walkStarts: Map<number, number>;
  /** Metadata of tasks posted before this may be lost. */
  readonly metadataEdge: number;
  /**
   * The newest call at the last comparison: rows that have not been written since are not compared once more, and neither are stretches
   * whose walk has been; null to compare everything.
   */
  readonly sinceCall: number | null;
};

type Row = {
  readonly api: string;
  readonly id: string;
  readonly url: string | null;
  readonly posted_at: number;
  readonly posted_text: string | null;
  readonly done_at: number | null;
  readonly status: string | null;
  readonly state: string;
  readonly cost_micros: number | null;
  readonly metadata_state: string;
  readonly metadata: string | null;
};

const ROWS = `select api.name as api, task.id, url.url, task.posted_at, task.posted_text, task.done_at, status.status, task.state, task.cost_micros,
  task.metadata_state, task.metadata
  from task cross join api on api.id = task.api cross join url on url.id = task.url cross join status on status.id = task.status`;

/** Holds every row of the ledger against the truth, and every task of the truth against what the ledger says it has read. */
export function compareWithTruth(scene: TruthScene): void {
  const rows = new Map(scene.apis.map((api) => [api, new Map<string, Row>()]));
  // One scan for all of them: nothing leads to what was written since.
  const written = scene.database.prepare<[number], Row>(`${ROWS} where task.changed_call >= ?`);
  for (const row of written.iterate(scene.sinceCall ?? 0)) {
    claim(rows.has(row.api), () => `The ledger has the task ${row.id} of ${row.api}, which the server does not offer.`);
    rows.get(row.api)?.set(row.id, row);
    compareRow(scene, row);
  }
  for (const [api, own] of rows) compareCoverage(scene, api, own);
}

function compareRow({ facts, now, metadataEdge }: TruthScene, row: Row): void {
  const { api } = row;
  const fact = facts.byId(api, row.id);
  if (fact === undefined) {
    claim(false, () => `The ledger has the task ${row.id} of ${api}, which the server does not have.`);
    return;
  }
  const known = facts.knownOf(row.id) ?? { isFinished: false, isRefunded: false, isDescribed: false };
  const says = () => `The ledger says ${JSON.stringify(row)}, and the truth is ${told(fact)}.`;
  claim(row.posted_at * 1_000 === fact.postedAt && row.posted_text === null && row.url === fact.url, says);
  const isFinished = row.state !== 'pending';
  const isRefunded = isFinished && fact.costMicros > 0 && row.cost_micros === 0;
  if (isFinished) {
    claim(fact.doneAt <= now && row.status === fact.status && row.done_at === fact.doneAt / 1_000, says);
    claim(row.cost_micros === fact.costMicros || (isRefunded && fact.refundedAt <= now), says);
  } else claim(row.status === fact.pendingStatus && row.done_at === null && row.cost_micros === 0, says);
  const isDescribed = row.metadata_state === 'held';
  claim(isDescribed === (row.metadata !== null), says);
  if (isDescribed) claim(row.metadata === (fact.metadata ?? fact.earlyMetadata), says);
  if (row.metadata_state === 'none') claim(fact.metadata === null && isFinished, says);
  if (row.metadata_state === 'lost') claim(fact.postedAt < metadataEdge, says);
  const forgets =
    (known.isFinished && !isFinished) || (known.isRefunded && !isRefunded) || (known.isDescribed && !isDescribed);
  claim(!forgets, () => `The ledger has forgotten what it knew (${JSON.stringify(known)}): ${says()}`);
  if (known.isFinished !== isFinished || known.isRefunded !== isRefunded || known.isDescribed !== isDescribed)
    facts.setKnown(row.id, { isFinished, isRefunded, isDescribed });
}

function told(fact: Fact): string {
  const { postedAt, listedAt, doneAt, refundedAt, ...rest } = fact;
  const times = { posted: iso(postedAt), listed: iso(listedAt), done: iso(doneAt), refunded: iso(refundedAt) };
  return JSON.stringify({ ...rest, ...times });
}

type Stretch = {
  readonly since: number;
  readonly until: number;
  readonly walk: number;
  readonly walk_grade: string;
  readonly sent_wall_ms: number | null;
  readonly doubts: number;
};

const STRETCHES = `select segment.since, segment.until, segment.walk, walk.grade as walk_grade, walk.doubts, call.sent_wall_ms
  from segment join walk on walk.id = segment.walk left join call on call.id = walk.first_call
  where segment.api = (select id from api where name = ?) order by segment.since`;

/** Where readings never agreed and the ledger says so: of these it promises nothing. Seconds, half-open. */
export function unprovenOf(database: Database.Database, api: string): readonly { since: number; until: number }[] {
  return database
    .prepare<[string], { since: number; until: number }>(
      `select since, until from doubt where kind = 'unproven' and api = (select id from api where name = ?)`,
    )
    .all(api);
}

/** What was listed when a covering walk began is in the ledger, as it was then or later; unless that walk itself is in doubt. */
function compareCoverage(scene: TruthScene, api: string, rows: ReadonlyMap<string, Row>): void {
  const { database, facts, walkStarts, serverTimeOf } = scene;
  const all = facts.all(api);
  const unproven = unprovenOf(database, api);
  // Parameters behind a plus: for a bare one SQLite would plan the join anew for each value.
  const rowOf = database.prepare<[string, string], Row>(`${ROWS} where api.name = +? and task.id = +?`);
  const compared = new Set(scene.sinceCall === null ? [] : walkStarts.keys());
  let place = 0;
  for (const stretch of database.prepare<[string], Stretch>(STRETCHES).all(api)) {
    const { since, until, walk, sent_wall_ms: sent } = stretch;
    const isDoubtful = stretch.doubts > 0 && unproven.some((each) => each.since < until && each.until > since);
    if (compared.has(walk)) continue;
    const begun = walkStarts.get(walk) ?? (sent === null ? -Infinity : serverTimeOf(sent));
    walkStarts.set(walk, begun);
    while ((all[place]?.postedAt ?? Infinity) < since * 1_000) place += 1;
    for (; (all[place]?.postedAt ?? Infinity) < until * 1_000; place += 1) {
      const fact = all[place];
      if (fact === undefined || fact.listedAt > begun || isDoubtful) continue;
      compareRead(fact, rows.get(fact.id) ?? rowOf.get(api, fact.id), { ...stretch, begun });
    }
  }
}

function compareRead(fact: Fact, row: Row | undefined, read: Stretch & { readonly begun: number }): void {
  const { begun, walk, walk_grade: grade } = read;
  const says = (what: string) => () =>
    `${iso(read.since * 1_000)} … ${iso(read.until * 1_000)} counts as read by ${grade} by walk ${walk}, which began at ${iso(begun)}, but ${what}: ` +
    `the truth is ${told(fact)}, the ledger says ${JSON.stringify(row ?? null)}.`;
  claim(row !== undefined, says('a task is missing'));
  if (row === undefined) return;
  if (fact.doneAt <= begun) claim(row.state !== 'pending', says('a finished task is held as unfinished'));
  if (Math.max(fact.refundedAt, fact.doneAt) <= begun) claim(row.cost_micros === 0, says('a refund is missing'));
  const isDescribable = grade === 'metadata' && (fact.doneAt <= begun || fact.earlyMetadata !== null);
  if (isDescribable && row.metadata_state !== 'held') {
    claim(row.metadata_state === 'none' && fact.metadata === null, says('metadata is missing'));
  }
}
