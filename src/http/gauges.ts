import { lengthOf } from '../domain/coverage.ts';
import type { ApiCoverage, Snapshot, Stretch } from '../domain/snapshot.ts';
import type { Grade } from '../domain/task.ts';

type Sample = { readonly labels?: Readonly<Record<string, string>>; readonly value: number };

/** A gauge without the prefix that all share. */
export type GaugeOf = {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly of: (snapshot: Snapshot) => readonly Sample[];
};

const STATES = ['harvesting', 'idle', 'waiting', 'parked', 'stopped'] as const;
const GRADES: readonly Grade[] = ['ids', 'metadata'];

/**
 * What the ledger tells Prometheus. Base units; a moment is a timestamp and no age, so that a ledger that nobody reads any more
 * shows its last one. Labels are bounded: APIs of the settings, states, grades.
 */
export const GAUGES: readonly GaugeOf[] = [
  {
    name: 'build_info',
    help: 'Always 1; the version of the program and of the schema are its labels.',
    labels: ['version', 'schema'],
    of: ({ version, ledger }) => [{ labels: { version, schema: String(ledger.schemaVersion) }, value: 1 }],
  },
  {
    name: 'state',
    help: 'What the daemon does: 1 for the state it is in, 0 for the others.',
    labels: ['state'],
    of: (snapshot) => STATES.map((state) => ({ labels: { state }, value: Number(snapshot.state === state) })),
  },
  {
    name: 'snapshot_timestamp_seconds',
    help: "The moment of all these figures, by the server's clock.",
    of: ({ at }) => moment(at),
  },
  { name: 'tasks', help: 'Tasks on record.', of: ({ tasks }) => one(tasks.total) },
  { name: 'tasks_with_metadata', help: 'Of them with their metadata.', of: ({ tasks }) => one(tasks.withMetadata) },
  { name: 'tasks_unfinished', help: 'Of them without a result so far.', of: ({ tasks }) => one(tasks.unfinished) },
  {
    name: 'coverage_complete',
    help: '1: no gap older than two tail periods and the lag.',
    labels: ['api'],
    of: byApi(({ complete }) => one(Number(complete))),
  },
  {
    name: 'coverage_since_timestamp_seconds',
    help: 'Where the window begins.',
    labels: ['api'],
    of: byApi(({ since }) => moment(since)),
  },
  {
    name: 'coverage_until_timestamp_seconds',
    help: 'Up to where anything is covered.',
    labels: ['api'],
    of: byApi(({ until }) => moment(until)),
  },
  ...stretches('gap', 'not read yet, and still listed by the server', ({ gaps }) => gaps),
  ...stretches('loss', 'that left the window unread', ({ losses }) => losses),
  {
    name: 'gap_expires_timestamp_seconds',
    help: 'When the first second of the gaps leaves the window.',
    labels: ['api'],
    of: byApi(({ gaps }) => moment(gaps.map(({ expiresAt }) => expiresAt).sort()[0] ?? null)),
  },
  {
    name: 'unsettled_seconds',
    help: 'Time that was read so early that late tasks may be added; it is read once more.',
    labels: ['api'],
    of: byApi(({ unsettled }) => one(secondsIn(unsettled))),
  },
  {
    name: 'tail_read_timestamp_seconds',
    help: 'When the newest part was read last.',
    labels: ['api'],
    of: tailOf(({ readAt }) => readAt),
  },
  {
    name: 'tail_read_up_to_timestamp_seconds',
    help: 'Up to where the newest part was read.',
    labels: ['api'],
    of: tailOf(({ readUpTo }) => readUpTo),
  },
  {
    name: 'newest_task_timestamp_seconds',
    help: 'When the newest task was posted.',
    labels: ['api'],
    of: tailOf(({ newestTask }) => newestTask),
  },
  {
    name: 'api_refused',
    help: '1: DataForSEO refuses this API until a person acts, while it may answer others.',
    labels: ['api'],
    of: ({ tail, refused }) => Object.keys(tail).map((api) => ({ labels: { api }, value: Number(api in refused) })),
  },
  {
    name: 'api_refused_since_timestamp_seconds',
    help: 'Since when; not there where it is not refused.',
    labels: ['api'],
    of: ({ refused }) =>
      Object.entries(refused).flatMap(([api, { since }]) =>
        moment(since).map(({ value }) => ({ labels: { api }, value })),
      ),
  },
  { name: 'doubts', help: 'Places where the server contradicted itself.', of: ({ doubts }) => one(doubts) },
  {
    name: 'last_failure_timestamp_seconds',
    help: 'When a call failed last; not there when none has.',
    of: ({ lastFailure }) => moment(lastFailure?.at ?? null),
  },
  { name: 'budget_calls', help: 'Calls that a period of the budget allows.', of: ({ budget }) => one(budget.calls) },
  { name: 'budget_period_seconds', help: 'The period of the budget.', of: ({ budget }) => one(budget.periodMs / 1000) },
  { name: 'budget_calls_in_use', help: 'Tokens that are out now.', of: ({ budget }) => one(budget.inUse) },
  {
    name: 'budget_calls_in_any_period_max',
    help: 'The most calls that any period of the last day held.',
    of: ({ budget }) => one(budget.maxInAnyPeriod),
  },
  {
    name: 'calls_last_hour',
    help: 'Calls that were sent within the last hour.',
    of: ({ budget }) => one(budget.lastHour),
  },
  {
    name: 'window_covered_ratio',
    help: 'Share of the window that is read, by time.',
    of: ({ backlog }) => one(backlog.coveredShare),
  },
  {
    name: 'backlog_calls',
    help: 'Calls that the gaps take; the least that it can be where backlog_exact is 0.',
    of: ({ backlog }) => one(backlog.calls),
  },
  {
    name: 'backlog_seconds',
    help: 'How long these take at the full budget.',
    of: ({ backlog }) => one(backlog.etaSeconds),
  },
  {
    name: 'backlog_exact',
    help: '0 while it is unknown how many tasks a gap has.',
    of: ({ backlog }) => one(Number(backlog.exact)),
  },
  {
    name: 'will_expire_seconds',
    help: 'Time that will leave the window before it can be read.',
    labels: ['grade'],
    of: ({ backlog }) =>
      GRADES.map((grade) => ({
        labels: { grade },
        value: secondsIn(backlog.willExpire.filter((each) => each.grade === grade)),
      })),
  },
  { name: 'file_size_bytes', help: 'The file of the ledger.', of: ({ ledger }) => one(ledger.sizeBytes) },
  { name: 'wal_size_bytes', help: 'The write-ahead log beside it.', of: ({ ledger }) => one(ledger.walBytes) },
  { name: 'disk_free_bytes', help: 'Free on its disk.', of: ({ disk }) => (disk === null ? [] : one(disk.freeBytes)) },
];

function one(value: number): readonly Sample[] {
  return [{ value }];
}

/** None where there is no moment: a 0 would be 1970. */
function moment(iso: string | null): readonly Sample[] {
  return iso === null ? [] : [{ value: Date.parse(iso) / 1000 }];
}

function byApi(samplesOf: (coverage: ApiCoverage) => readonly Sample[]): GaugeOf['of'] {
  return ({ coverage }) =>
    Object.entries(coverage).flatMap(([api, each]) =>
      samplesOf(each).map(({ labels, value }) => ({ labels: { api, ...labels }, value })),
    );
}

function tailOf(momentOf: (tail: Snapshot['tail'][string]) => string | null): GaugeOf['of'] {
  return ({ tail }) =>
    Object.entries(tail).flatMap(([api, each]) =>
      moment(momentOf(each)).map(({ value }) => ({ labels: { api }, value })),
    );
}

function stretches(
  what: 'gap' | 'loss',
  meaning: string,
  of: (coverage: ApiCoverage) => readonly Stretch[],
): GaugeOf[] {
  const told = (tell: (some: readonly Stretch[]) => number) =>
    byApi((coverage) =>
      GRADES.map((grade) => ({ labels: { grade }, value: tell(of(coverage).filter((each) => each.grade === grade)) })),
    );
  return [
    {
      name: what === 'gap' ? 'gaps' : 'losses',
      help: `Stretches ${meaning}.`,
      labels: ['api', 'grade'],
      of: told((some) => some.length),
    },
    { name: `${what}_seconds`, help: `Time ${meaning}.`, labels: ['api', 'grade'], of: told(secondsIn) },
  ];
}

function secondsIn(some: readonly { readonly since: string; readonly until: string }[]): number {
  return lengthOf(some.map(({ since, until }) => ({ since: Date.parse(since), until: Date.parse(until) }))) / 1000;
}
