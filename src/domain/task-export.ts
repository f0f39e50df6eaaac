/** What a column of the view `tasks` holds. `instant`: epoch seconds · `json`: JSON as text. */
type ExportType = 'text' | 'integer' | 'real' | 'instant' | 'json';

export type ExportColumn = { readonly name: string; readonly type: ExportType; readonly nullable: boolean };

/** The columns of the view `tasks`, in its order (README, "Views"). */
export const EXPORT_COLUMNS = [
  { name: 'id', type: 'text', nullable: false },
  { name: 'api', type: 'text', nullable: false },
  { name: 'endpoint', type: 'text', nullable: false },
  { name: 'url', type: 'text', nullable: true },
  { name: 'datetime_posted', type: 'text', nullable: false },
  { name: 'datetime_done', type: 'text', nullable: true },
  { name: 'posted_at', type: 'instant', nullable: false },
  { name: 'done_at', type: 'instant', nullable: true },
  { name: 'status', type: 'text', nullable: true },
  { name: 'status_code', type: 'integer', nullable: true },
  { name: 'state', type: 'text', nullable: false },
  { name: 'cost', type: 'real', nullable: true },
  { name: 'cost_micros', type: 'integer', nullable: true },
  { name: 'tag', type: 'text', nullable: true },
  { name: 'target', type: 'text', nullable: true },
  { name: 'metadata', type: 'json', nullable: true },
  { name: 'metadata_state', type: 'text', nullable: false },
  { name: 'extra', type: 'json', nullable: true },
  { name: 'first_seen_at', type: 'instant', nullable: false },
  { name: 'changed_at', type: 'instant', nullable: false },
] as const satisfies readonly ExportColumn[];

/** One task: the values of those columns. */
export type ExportRow = readonly (string | number | null)[];

export type TaskExport = {
  /** Whether the ledger lacks nothing of the range. */
  readonly complete: boolean;
  /** So many tasks at about this moment; more may come while it runs. */
  readonly total: number;
  /** By posted time, then by id. Each page is of its own moment. */
  readonly pages: Iterable<readonly ExportRow[]>;
};
