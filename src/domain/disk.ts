/** What the disk of a ledger holds, and what the ledger has shown of its growth. */
type DiskFigures = {
  /** What this user may still write. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly ledgerBytes: number;
  readonly tasks: number;
  /** Posted a day, on average of the last days. */
  readonly tasksPerDay: number;
  /** Calls that the backlog takes; each brings a page of tasks at the most. */
  readonly backlogCalls: number;
};

/** How long the disk lasts. */
export type DiskOutlook = {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** What the ledger grows by, projected from the tasks of the last week. */
  readonly bytesPerDay: number;
  /** Until it is full at that growth, the backlog read; null for more than ten years. */
  readonly daysLeft: number | null;
  /** `low`: act within days · `full`: nothing may be saved any moment. */
  readonly state: DiskState;
};

type DiskState = 'ok' | 'low' | 'full';

/** Rows, indexes and 250 bytes of metadata (test/ledger/size.test.ts); what stands in until the ledger shows its own. */
const BYTES_PER_TASK = 545;
/** A ledger of fewer tasks is mostly its empty tables. */
const ENOUGH_TASKS = 10_000;
/** Calls, walks and coverage of an account without tasks: less than 20 MB a year. */
const IDLE_BYTES_PER_DAY = 55_000;
const ROWS_PER_CALL = 1_000;
const LONGEST_DAYS = 3_650;

const LOW_DAYS = 14;
const LOW_BYTES = 1_000_000_000;
/** A WAL of 64 MB and the temporary files of a large sort. */
const FULL_BYTES = 200_000_000;
/** A small volume is not low as long as it is nearly empty. */
const LOW_SHARE = 0.1;
const FULL_SHARE = 0.02;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** How long a ledger that cannot be written is left alone. @param failures - In a row, 1 for the first. */
export function roomPauseMs(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10), LONGEST_PAUSE_MS);
}

/** How long the disk lasts at the ledger's own bytes a task, or at those of a usual one where these are more. */
export function diskOutlook(figures: DiskFigures): DiskOutlook {
  const { freeBytes, totalBytes } = figures;
  const perTask = bytesPerTask(figures);
  const bytesPerDay = Math.round(figures.tasksPerDay * perTask + IDLE_BYTES_PER_DAY);
  const spare = freeBytes - figures.backlogCalls * ROWS_PER_CALL * perTask;
  const days = Math.max(Math.floor((10 * spare) / bytesPerDay) / 10, 0);
  const daysLeft = days > LONGEST_DAYS ? null : days;
  const outlook = { freeBytes, totalBytes, bytesPerDay, daysLeft };
  return { ...outlook, state: diskState(outlook, 1) };
}

/** Of those to come, which have metadata: five in six of a new ledger have none, and weigh less. */
function bytesPerTask({ tasks, ledgerBytes }: DiskFigures): number {
  return tasks < ENOUGH_TASKS ? BYTES_PER_TASK : Math.max(ledgerBytes / tasks, BYTES_PER_TASK);
}

/** @param margin - 1, or more for what has been told to be low: it is well again only once it is so by that factor. */
export function diskState(outlook: Omit<DiskOutlook, 'state'>, margin: number): DiskState {
  const { freeBytes, totalBytes, daysLeft } = outlook;
  if (freeBytes < margin * Math.min(FULL_BYTES, FULL_SHARE * totalBytes)) return 'full';
  const isShort = daysLeft !== null && daysLeft < margin * LOW_DAYS;
  return isShort || freeBytes < margin * Math.min(LOW_BYTES, LOW_SHARE * totalBytes) ? 'low' : 'ok';
}
