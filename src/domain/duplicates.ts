import type { DuplicateGroup } from './report.ts';

/** What says where an answer goes or whose it is, and nothing of what is asked. */
const NO_PARAMETERS: readonly string[] = ['tag', 'postback_url', 'postback_data', 'pingback_url'];

/** A number that a double cannot hold: such metadata is compared letter by letter. */
const LONG_NUMBER = /\d{16}/;

/**
 * What of a task's metadata decides its result, as text that is the same for the same parameters in any order.
 * @param metadata - JSON as the ledger holds it: an object, or a list of them.
 */
export function parametersOf(metadata: string): string {
  if (LONG_NUMBER.test(metadata)) return metadata;
  const value: unknown = JSON.parse(metadata);
  return Array.isArray(value) ? value.map((one) => textOf(one, NO_PARAMETERS)).join() : textOf(value, NO_PARAMETERS);
}

/** By hand: a report reads millions, and `JSON.stringify` with a function for the order takes three times as long. */
function textOf(value: unknown, without: readonly string[]): string {
  if (Array.isArray(value)) return `[${value.map((each) => textOf(each, [])).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  let text = '{';
  for (const key of Object.keys(value).sort()) {
    if (!without.includes(key)) text += `${JSON.stringify(key)}:${textOf(value[key], [])},`;
  }
  return `${text}}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A task as far as it can be a duplicate. Epoch ms. */
export type Posting = {
  readonly id: string;
  readonly endpoint: string;
  readonly target: string | null;
  readonly tag: string | null;
  readonly postedAt: number;
  readonly costMicros: number;
  /** The same for the same endpoint and parameters. */
  readonly key: string;
};

const DAY_MS = 86_400_000;
const MOST_IDS = 20;

/**
 * Finds tasks that were posted again within a day: the answer to the first would have served. A task later than that is the first
 * of a new group. Memory holds one day of tasks.
 *
 * @param postings - By posted time, ascending.
 * @param since - Earlier tasks are only what later ones repeat; epoch ms, null for all.
 */
export function* duplicatesIn(postings: Iterable<Posting>, since: number | null): Generator<DuplicateGroup> {
  // In the order of their first tasks, since a group that begins anew goes to the end.
  const open = new Map<string, Group>();
  for (const posting of postings) {
    yield* closedBefore(open, posting.postedAt - DAY_MS);
    const group = open.get(posting.key);
    if (group === undefined) open.set(posting.key, { first: posting, repeats: [], count: 0, micros: 0, lastAt: 0 });
    else if (since === null || posting.postedAt >= since) repeat(group, posting);
  }
  yield* closedBefore(open, Number.POSITIVE_INFINITY);
}

type Group = { readonly first: Posting; readonly repeats: Posting[]; count: number; micros: number; lastAt: number };

function repeat(group: Group, posting: Posting): void {
  group.count += 1;
  group.micros += posting.costMicros;
  group.lastAt = posting.postedAt;
  if (group.repeats.length < MOST_IDS) group.repeats.push(posting);
}

function* closedBefore(open: Map<string, Group>, before: number): Generator<DuplicateGroup> {
  for (const [key, group] of open) {
    if (group.first.postedAt > before) return;
    open.delete(key);
    if (group.count > 0) yield told(group);
  }
}

function told({ first, repeats, count, micros, lastAt }: Group): DuplicateGroup {
  return {
    endpoint: first.endpoint,
    target: first.target,
    firstId: first.id,
    firstPostedAt: first.postedAt,
    lastPostedAt: lastAt,
    repeats: count,
    wastedMicros: micros,
    repeatedIds: repeats.map(({ id }) => id),
    tags: [...new Set([first, ...repeats].map(({ tag }) => tag))],
  };
}
