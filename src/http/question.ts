import { z } from 'zod';
import { INSTANT_FORMS, parseInstant } from '../config/instant.ts';
import { API_NAMES } from '../config/settings.ts';
import { endpointName } from '../domain/endpoint-name.ts';
import { DIMENSIONS, type Dimension, type ReportFilter } from '../domain/report.ts';
import type { SearchPlace, TaskSearch } from '../domain/task-search.ts';
import type { AskedVendorDay } from './vendor-day.ts';

/** What is asked of the ledger; plain, so that it travels to the thread that answers. Instants are epoch ms. */
export type LedgerQuestion =
  | { readonly kind: 'status' }
  | { readonly kind: 'strips' }
  | { readonly kind: 'calls' }
  | { readonly kind: 'explain'; readonly at: number }
  | { readonly kind: 'task'; readonly id: string }
  | { readonly kind: 'tasks'; readonly search: TaskSearch; readonly from: SearchPlace | null; readonly limit: number }
  | { readonly kind: 'tasks_csv'; readonly search: TaskSearch; readonly from: SearchPlace | null }
  | {
      readonly kind: 'costs';
      readonly filter: ReportFilter;
      readonly by: readonly Dimension[];
      readonly from: CostPlace | null;
      readonly limit: number;
    }
  | ({ readonly kind: 'reconcile'; readonly api: string | null } & AskedVendorDay)
  | { readonly kind: 'report'; readonly report: PageReport; readonly filter: ReportFilter; readonly limit: number };

/** A place in a list of sums: so many groups came before, and a number that other ones would hardly have. */
type CostPlace = { readonly offset: number; readonly groups: number };

export const PAGE_REPORTS = ['duplicates', 'changes', 'retrievable', 'doubts', 'coverage'] as const;
export type PageReport = (typeof PAGE_REPORTS)[number];

const STATES = ['finished', 'empty', 'partial', 'failed', 'pending'] as const;
const MOST_ROWS = 1_000;
/** A column of the ledger may hold more, but nobody types it. */
const LONGEST_TEXT = 2_000;
const INSTANT_WRONG = `it must be ${INSTANT_FORMS}`;

/** Nothing typed is nothing asked: forms send their empty fields too. */
function optional<Field extends z.ZodType>(field: Field) {
  return z.preprocess((value) => (value === '' ? undefined : value), field.optional());
}

const text = z
  .string({ error: 'it must be given once' })
  .max(LONGEST_TEXT, { error: `it must have at most ${LONGEST_TEXT} characters` });

type Now = () => number;

/** Epoch ms; a day is its first second. Without a zone it is UTC: the page of a ledger means the same everywhere. */
function instant(now: Now) {
  return z.string({ error: INSTANT_WRONG }).transform((value, context) => {
    const at = parseInstant(value, now());
    if (at !== null) return at;
    context.addIssue({ code: 'custom', message: INSTANT_WRONG });
    return z.NEVER;
  });
}

function limit(standard: number) {
  const error = `it must be a whole number from 1 to ${MOST_ROWS}`;
  return z
    .preprocess(
      (value) => (typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value),
      z.int({ error }).min(1, { error }).max(MOST_ROWS, { error }),
    )
    .prefault(standard);
}

const rangeAt = (now: Now) => ({ since: optional(instant(now)), until: optional(instant(now)) });
const api = optional(z.enum(API_NAMES, { error: `it must be one of ${API_NAMES.join(', ')}` }));

const filterAt = (now: Now) => ({
  ...rangeAt(now),
  api,
  endpoint: optional(text.transform(endpointName)),
  state: optional(z.enum(STATES, { error: `it must be one of ${STATES.join(', ')}` })),
  tag: optional(text),
});

/** None lies in such a range, and who is told so looks for a task that is not there. */
function inOrder({ since, until }: { since?: number | undefined; until?: number | undefined }): boolean {
  return since === undefined || until === undefined || since < until;
}
const ORDER_WRONG = { path: ['since'], error: 'it must lie before until' };

type Filter = ReturnType<typeof filterAt>;
type Filtered = { [Key in keyof Filter]?: z.output<Filter[Key]> };

function filterOf({ since, until, api, endpoint, state, tag }: Filtered): ReportFilter {
  return {
    since: since ?? null,
    until: until ?? null,
    api: api ?? null,
    endpoint: endpoint ?? null,
    state: state ?? null,
    tag: tag ?? null,
  };
}

/** Not made to be understood: what a page of answers ends with is given back to get the next one. */
export function cursorOf(place: readonly number[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Two whole numbers in all lists. */
function cursor(leastFirst: number) {
  return text.transform((value, context) => {
    const place = placeIn(value);
    if (place?.length === 2 && (place[0] ?? leastFirst) >= leastFirst) return place;
    context.addIssue({ code: 'custom', message: 'it must be the "next" of the page before' });
    return z.NEVER;
  });
}

function placeIn(value: string): number[] | null {
  try {
    return z.array(z.int()).parse(JSON.parse(Buffer.from(value, 'base64url').toString('utf8')));
  } catch {
    // Somebody else's text, or one that was cut.
    return null;
  }
}

const searchAt = (now: Now) => ({
  ...filterAt(now),
  id: optional(text),
  target: optional(text),
  target_prefix: optional(text),
});

type Searched = Filtered & { id?: string | undefined; target?: string | undefined; target_prefix?: string | undefined };

const TARGETS_WRONG = { path: ['target_prefix'], error: 'it must not be given together with target' };

function isOneTarget({ target, target_prefix: prefix }: Searched): boolean {
  return target === undefined || prefix === undefined;
}

function searchOf(asked: Searched): TaskSearch {
  const { id, target, target_prefix: prefix } = asked;
  const exact = target === undefined ? null : ({ text: target, match: 'exact' } as const);
  return {
    ...filterOf(asked),
    id: id?.trim() ?? null,
    target: prefix === undefined ? exact : { text: prefix, match: 'prefix' },
  };
}

function startOf(place: readonly number[] | undefined): SearchPlace | null {
  const [at, n] = place ?? [];
  return at === undefined || n === undefined ? null : { at, n };
}

function costsFrom(place: readonly number[] | undefined): CostPlace | null {
  const [offset, groups] = place ?? [];
  return offset === undefined || groups === undefined ? null : { offset, groups };
}

const dimensions = text.transform((value, context) => {
  const names = value.split(',').map((name) => name.trim());
  const known = DIMENSIONS.filter((dimension) => names.includes(dimension));
  if (known.length === new Set(names).size) return known;
  context.addIssue({
    code: 'custom',
    message: `it must be one or more of ${DIMENSIONS.join(', ')}, separated by commas`,
  });
  return z.NEVER;
});

function tasksQuestion(now: Now) {
  return z
    .strictObject({ ...searchAt(now), cursor: optional(cursor(Number.MIN_SAFE_INTEGER)), limit: limit(100) })
    .refine(inOrder, ORDER_WRONG)
    .refine(isOneTarget, TARGETS_WRONG)
    .transform((asked): LedgerQuestion => ({
      kind: 'tasks',
      search: searchOf(asked),
      from: startOf(asked.cursor),
      limit: asked.limit,
    }));
}

function costsQuestion(now: Now) {
  return z
    .strictObject({
      ...filterAt(now),
      by: dimensions.prefault('day'),
      cursor: optional(cursor(1)),
      limit: limit(MOST_ROWS),
    })
    .refine(inOrder, ORDER_WRONG)
    .transform((asked): LedgerQuestion => ({
      kind: 'costs',
      filter: filterOf(asked),
      by: asked.by,
      from: costsFrom(asked.cursor),
      limit: asked.limit,
    }));
}

/** What stands in the address, by the path that is asked. @param now - Epoch ms, for what is given as so long ago. */
export function createQuestions(now: Now) {
  return {
    explain: z.strictObject({ at: instant(now) }).transform(({ at }): LedgerQuestion => ({ kind: 'explain', at })),
    tasks: tasksQuestion(now),
    tasksCsv: z
      .strictObject(searchAt(now))
      .refine(inOrder, ORDER_WRONG)
      .refine(isOneTarget, TARGETS_WRONG)
      .transform(searchOf),
    costs: costsQuestion(now),
    report: z
      .strictObject({ ...filterAt(now), limit: limit(200) })
      .refine(inOrder, ORDER_WRONG)
      .transform((asked) => ({ filter: filterOf(asked), limit: asked.limit })),
    /** Of today only. */
    reconcile: z.strictObject({ api }).transform(({ api }) => ({ api: api ?? null })),
    /** Of whole APIs, as the certificate that counts them. */
    doubts: z
      .strictObject({ ...rangeAt(now), api, limit: limit(200) })
      .refine(inOrder, ORDER_WRONG)
      .transform(({ limit: most, ...asked }) => ({ filter: filterOf(asked), limit: most })),
    /** Of whole APIs only: a certificate of everything must not pass for one of a tag. */
    coverage: z
      .strictObject({ ...rangeAt(now), api })
      .refine(inOrder, ORDER_WRONG)
      .transform((asked) => ({ filter: filterOf(asked), limit: 0 })),
  };
}

/** Each thing that is wrong, as a sentence that names the parameter. */
export function problemsOf(error: z.ZodError, asked: Readonly<Record<string, unknown>>): string[] {
  return error.issues.slice(0, 20).map((issue) => {
    if (issue.code === 'unrecognized_keys') return `${issue.keys.slice(0, 5).join(', ')}: there is no such parameter.`;
    const name = String(issue.path[0] ?? 'the address');
    if (asked[name] === undefined) return `${name} is missing; ${issue.message}.`;
    return `${name} is ${JSON.stringify(asked[name]).slice(0, 120)}; ${issue.message}.`;
  });
}
