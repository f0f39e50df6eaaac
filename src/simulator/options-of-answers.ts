import { z } from 'zod';

const share = z.number().min(0).max(1);

/** Which rows a question gets, in which order. Filter and sort column are unknown of the real service, each on its own. */
export const listing = z.strictObject({
  /** The column that `datetime_from` and `datetime_to` are compared with. By `done`, unfinished tasks are not listed. */
  filter: z.enum(['posted', 'done']).default('posted'),
  sort: z.enum(['posted', 'done']).default('posted'),
  /** Order among equal seconds: `stable`, or `reshuffled` by every call. */
  ties: z.enum(['stable', 'reshuffled']).default('stable'),
  /** Whether a row exactly at `datetime_from` is listed. */
  fromBound: z.enum(['inclusive', 'exclusive']).default('inclusive'),
  /** Whether a row exactly at `datetime_to` is listed. */
  toBound: z.enum(['inclusive', 'exclusive']).default('inclusive'),
  /** Sorted by `done`, where unfinished tasks stand in ascending order. */
  unfinished: z.enum(['first', 'last']).default('last'),
  /** Rows a page at most, whatever `limit` says, 1 … 1000. */
  pageCap: z.int().min(1).max(1_000).default(1_000),
  /** The same page for every offset. */
  sandbox: z.boolean().default(false),
  /** Indices of tasks that are not listed at the moment, of every API: change it during a walk and rows vanish or appear. */
  hidden: z.array(z.int().min(0)).default([]),
  /** So many tasks, others every `flickerEveryCalls` calls, are not listed at the moment. */
  flickerTasks: z.int().min(0).max(10_000).default(0),
  flickerEveryCalls: z.int().min(1).default(1),
});

export const outcomes = z.strictObject({
  /** Share of tasks that end with an error; they cost nothing. */
  failedShare: share.default(0.02),
  /** Share that end with 40102 and are charged. */
  emptyShare: share.default(0.02),
  /** Share that end with 40106. */
  partialShare: share.default(0),
  /** Share whose cost becomes 0 later. */
  refundShare: share.default(0),
  /** How long after completion, ms. */
  refundAfterMs: z.int().min(0).default(86_400_000),
  /** Share whose `datetime_done` is a second before `datetime_posted`, as in the vendor's sample. */
  doneBeforePostedShare: share.default(0.03),
});

/** The form of the rows: every way in which the documentation, the samples and the client's types differ. */
export const rows = z.strictObject({
  /** `code`: "20000" · `number`: 20000 · `message`: "Ok." · `ok`: "ok" (lower case, no stop) · `mixed`: one of these by task. */
  status: z.enum(['code', 'number', 'message', 'ok', 'mixed']).default('code'),
  /** `relative`: v3/… · `rooted`: /v3/… · `absolute`: https://host/v3/… · `mixed`. */
  url: z.enum(['relative', 'rooted', 'absolute', 'mixed']).default('relative'),
  /** The status of an unfinished task. */
  pendingStatus: z.union([z.literal(40601), z.literal(40602), z.literal(20100)]).default(40602),
  /** Its `datetime_done`. */
  pendingDone: z.enum(['null', 'missing', 'empty']).default('null'),
  /** Share of rows with fields that nobody documented. */
  unknownFieldsShare: share.default(0),
  /** Share of rows in which one of url, status, cost, datetime_done or metadata is null. */
  nullFieldShare: share.default(0),
  /** Share of rows without an id. */
  withoutIdShare: share.default(0),
  /** Share of rows without `datetime_posted`. */
  withoutPostedShare: share.default(0),
});

export const metadata = z.strictObject({
  /** An object (ten APIs), a list that holds it (`business_data`), null or nothing even when asked for. */
  form: z.enum(['object', 'list', 'null', 'absent']).default('object'),
  /** About how many bytes of JSON a task has, 100 bytes … 10 MB. Bulk tasks repeat their POST body. */
  bytes: z.int().min(100).max(10_000_000).default(250),
  /** Share of tasks that have `largeBytes` instead. */
  largeShare: share.default(0),
  largeBytes: z.int().min(100).max(10_000_000).default(20_000),
  /** What keyword and padding are written in. */
  script: z.enum(['latin', 'cyrillic', 'arabic', 'han', 'emoji', 'mixed']).default('latin'),
  /** Share of tasks that were posted with a tag. */
  tagShare: share.default(0.8),
  /** How many different tags there are. */
  tags: z.int().min(1).default(20),
  /** How many different targets there are: the fewer, the more tasks repeat others. */
  targets: z.int().min(1).default(5_000),
  /** Share of finished tasks that the server lists with metadata null. */
  missingShare: share.default(0),
  /** What the field is without `include_metadata`. */
  unasked: z.enum(['absent', 'null']).default('absent'),
  /** Whether unfinished tasks have it already. */
  whilePending: z.boolean().default(true),
});

export const answers = z.strictObject({
  /** Whether `Date` is sent; it tells the simulated clock. */
  dateHeader: z.boolean().default(true),
  /** The field `time`: the true execution time, a minute too much, or nothing. */
  time: z.enum(['true', 'lie', 'absent']).default('true'),
  /** Whether `Accept-Encoding: gzip` is heard. */
  gzip: z.boolean().default(true),
  /** Whether the request comes back as `data`. */
  echo: z.boolean().default(true),
  /** `result` where there are no rows. */
  emptyResult: z.enum(['list', 'null']).default('list'),
});

/** Refusals that only a person can end. */
export const refusals = z.strictObject({
  /** Of the whole account: 40100 comes with HTTP 401, 40200 with HTTP 402, the others with 200. */
  account: z
    .union([z.literal(40100), z.literal(40104), z.literal(40200), z.literal(40201), z.literal(40207), z.literal(40210)])
    .nullable()
    .default(null),
  /** By API: 40400 comes with HTTP 404. Set an API to null to lift it. */
  apis: z.record(z.string(), z.union([z.literal(40204), z.literal(40400), z.literal(40402)]).nullable()).default({}),
  /** Where such a code stands; with HTTP 401, 402 and 404 always in the envelope. */
  level: z.enum(['envelope', 'task']).default('envelope'),
  /** What `tasks` is in the envelope of a refusal. */
  tasks: z.enum(['null', 'empty', 'absent']).default('null'),
});
