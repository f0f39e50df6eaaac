/** What became of a task, whatever words the API used for it (docs/endpoint.md, "status"). */
export type TaskState = 'finished' | 'empty' | 'partial' | 'failed' | 'pending';

/** One task as one page listed it, parsed. Texts are as received; instants are epoch ms, whole seconds. */
export type ListedTask = {
  readonly id: string;
  /** As received: `v3/…`, `/v3/…` or `https://host/v3/…`. */
  readonly url: string | null;
  /** `backlinks/summary/live`: the url without host, leading slash and `v3/`. Empty when there is no url. */
  readonly endpoint: string;
  readonly postedAt: number;
  /** `datetime_posted` exactly as received. */
  readonly postedText: string;
  readonly doneAt: number | null;
  readonly doneText: string | null;
  /** As received; a number is written as its digits. */
  readonly status: string | null;
  readonly statusCode: number | null;
  readonly state: TaskState;
  /** Micro-dollars, rounded, so that sums are exact. */
  readonly costMicros: number | null;
  /** JSON text; null when the answer held none. */
  readonly metadata: string | null;
  readonly tag: string | null;
  readonly target: string | null;
  /** Fields we do not know, as one JSON object; null when there are none. */
  readonly extra: string | null;
};

/** A row in the server's order. One that has no id or no readable posted time cannot be a task; it is kept raw. */
export type PageRow =
  | { readonly kind: 'task'; readonly task: ListedTask }
  | { readonly kind: 'quarantined'; readonly id: string | null; readonly raw: string; readonly reason: string };

/** What the server still tells of a stretch of time. `metadata` is the higher grade and includes `ids`. */
export type Grade = 'ids' | 'metadata';
