import { backlogOutlook, isAllRead, isGrowthKnown, isRead, type BacklogOutlook } from '../domain/backlog-outlook.ts';
import type { ApiCoverage, RefusedApi, Snapshot, TailState } from '../domain/snapshot.ts';
import { bytes, count, counted, duration, instant, wholePercent } from './format.ts';
import { withPlainTimes } from './warning-line.ts';

/** Of each kind of stretch so many are told; `--json` has them all. */
const MOST_SHOWN = 5;
const LABEL_WIDTH = 10;

/** The snapshot for people: what is the state, is anything missing, what comes next. */
export function statusText(snapshot: Snapshot): readonly string[] {
  return [
    labelled('State', stateOf(snapshot)),
    labelled('Tasks', tasksOf(snapshot)),
    ...Object.entries(snapshot.coverage).flatMap(([api, coverage]) => coverageOf(api, coverage)),
    ...Object.entries(snapshot.tail).flatMap(([api, tail]) => tailOf(api, tail)),
    ...Object.entries(snapshot.refused).map(([api, refusal]) => labelled('Refused', refusalOf(api, refusal))),
    labelled('Doubts', snapshot.doubts === 0 ? 'none' : `${count(snapshot.doubts)} (see report doubts)`),
    labelled('Budget', budgetOf(snapshot)),
    labelled('Backlog', backlogOf(snapshot)),
    ...snapshot.backlog.willExpire
      .slice(0, MOST_SHOWN)
      .map((it) =>
        item(
          `${lossOf(snapshot)} ${instant(it.expiresAt)} on: ${it.api}, ${stretch(it)}${reasonOf(it.reason, snapshot)}`,
        ),
      ),
    labelled('Failure', failureOf(snapshot)),
    labelled('Ledger', ledgerOf(snapshot)),
    ...diskOf(snapshot).map((text) => labelled('Disk', text)),
    labelled('As of', `${instant(snapshot.at)} UTC, as all times here; version ${snapshot.version}`),
  ];
}

function labelled(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${text}`;
}

function item(text: string): string {
  return `${' '.repeat(LABEL_WIDTH)}- ${text}`;
}

function stateOf({ state, reason, until }: Snapshot): string {
  const named = until === null ? state : `${state} until ${instant(until)}`;
  return reason === '' ? named : `${named}: ${withPlainTimes(reason)}`;
}

function tasksOf({ tasks }: Snapshot): string {
  return `${count(tasks.total)}, ${count(tasks.withMetadata)} with metadata, ${count(tasks.unfinished)} unfinished`;
}

function coverageOf(api: string, coverage: ApiCoverage): string[] {
  const { since, until, gaps, losses, unsettled } = coverage;
  if (since === null || until === null) return [labelled('Coverage', `${api}: nothing read yet`)];
  const isThrough = isRead(coverage);
  const open = unsettled.length === 0 ? '' : `; ${counted(unsettled.length, 'stretch', 'stretches')} not settled yet`;
  return [
    labelled('Coverage', `${api}: ${verdictOf(coverage, isThrough)}${open}`),
    ...some(
      gaps,
      (gap) => `${isThrough ? 'next to read' : 'gap'}: ${stretch(gap)}, expires from ${instant(gap.expiresAt)} on`,
    ),
    ...some(losses, (loss) => `lost: ${stretch(loss)}, ${loss.reason} (${instant(loss.lostAt)})`),
  ];
}

/** What came after the last reading is no hole: it is read next. `complete` in JSON is stricter, for programs that watch a daemon. */
function verdictOf({ since, until, complete, gaps }: ApiCoverage, isThrough: boolean): string {
  if (!isThrough) return `INCOMPLETE, ${counted(gaps.length, 'gap')}, from ${instant(since)} to ${instant(until)}`;
  if (complete) return `complete, from ${instant(since)} to ${instant(until)}`;
  const seconds = Math.max(...gaps.map((gap) => Date.parse(gap.until) - Date.parse(until ?? gap.since))) / 1000;
  return `complete from ${instant(since)} up to ${instant(until)}; the ${duration(seconds)} since then are not read yet`;
}

function tailOf(api: string, { readUpTo, newestTask, behindSeconds }: TailState): string[] {
  // Its coverage says already that nothing was read.
  if (readUpTo === null) return [];
  const newest = newestTask === null ? 'no task yet' : `newest task ${instant(newestTask)}`;
  const late = behindSeconds === null || behindSeconds === 0 ? '' : `; ${duration(behindSeconds)} behind`;
  return [labelled('Tail', `${api} read up to ${instant(readUpTo)}; ${newest}${late}`)];
}

function refusalOf(api: string, { since, until, code, reason }: RefusedApi): string {
  return `${api} since ${instant(since)}, ${code}: ${withPlainTimes(reason)} It is asked again at ${instant(until)}`;
}

function some<Told>(told: readonly Told[], say: (one: Told) => string): string[] {
  const rest = told.length - MOST_SHOWN;
  return [
    ...told.slice(0, MOST_SHOWN).map((one) => item(say(one))),
    ...(rest > 0 ? [item(`… and ${count(rest)} more`)] : []),
  ];
}

function stretch({ since, until, grade }: { since: string; until: string; grade: string }): string {
  return `${grade} of ${instant(since)} to ${instant(until)}`;
}

function budgetOf({ budget }: Snapshot): string {
  const { calls, periodMs, inUse, maxInAnyPeriod, lastHour } = budget;
  const period = duration(periodMs / 1000);
  const inUseNow = `${inUse} of ${calls} calls in any ${period} in use`;
  // Calls of a budget of shorter periods, as a simulator has, say nothing of this one.
  if (maxInAnyPeriod === 0 && lastHour > 0)
    return `${inUseNow}; the ${counted(lastHour, 'call')} of the last hour had a budget of a shorter period`;
  return `${inUseNow}, at most ${maxInAnyPeriod} in the last day; ${count(lastHour)} in the last hour`;
}

function backlogOf(snapshot: Snapshot): string {
  const { backlog } = snapshot;
  if (backlog.calls === 0) return 'none';
  if (isAllRead(snapshot)) return 'none but what came since the last reading';
  const read = `${wholePercent(backlog.coveredShare)} of the window is read`;
  if (!backlog.exact)
    return `${read}; at least ${counted(backlog.calls, 'call')} left, at least ${duration(backlog.etaSeconds)}, unknown until read`;
  const isInTime = backlogOutlook(snapshot) === 'goes_on' && backlog.willExpire.length === 0;
  const inTime = isInTime ? '; all of it is read before it expires' : '';
  return `${read}; ${counted(backlog.calls, 'call')} left, about ${duration(backlog.etaSeconds)}${inTime}`;
}

/** While nobody reads, it is in the hands of others: `plan` tells what a start now would still lose. */
function lossOf(snapshot: Snapshot): string {
  const unless = UNLESS[backlogOutlook(snapshot)];
  return unless === null ? 'will be lost second by second from' : `lost second by second, unless ${unless}, from`;
}

const UNLESS: Readonly<Record<BacklogOutlook, string | null>> = {
  goes_on: null,
  unknown: null,
  waits: 'the wait is over before',
  refused: 'somebody acts before',
  parked: 'somebody acts before',
  stopped: 'it is read before',
};

/** What the first line says is not said once more. */
function reasonOf(reason: string, snapshot: Snapshot): string {
  return reason === snapshot.reason ? '' : `: ${withPlainTimes(reason)}`;
}

function failureOf({ lastFailure }: Snapshot): string {
  return lastFailure === null
    ? 'none'
    : `${instant(lastFailure.at)} ${lastFailure.code}: ${withPlainTimes(lastFailure.message)}`;
}

function ledgerOf({ ledger }: Snapshot): string {
  const wal = ledger.walBytes === 0 ? '' : ` + ${bytes(ledger.walBytes)} WAL`;
  return `${ledger.path}, ${bytes(ledger.sizeBytes)}${wal}, schema ${ledger.schemaVersion}`;
}

function diskOf(snapshot: Snapshot): string[] {
  const { disk } = snapshot;
  if (disk === null) return [];
  const { freeBytes, bytesPerDay, daysLeft, state } = disk;
  const lasts = daysLeft === null ? 'more than ten years' : duration(daysLeft * 86_400);
  const alarm = { ok: '', low: 'LOW: ', full: 'NEARLY FULL: ' }[state];
  // Before that the days that would tell are not read.
  if (state === 'ok' && !isGrowthKnown(snapshot))
    return [`${bytes(freeBytes)} free; how fast the ledger grows shows once all is read`];
  return [`${alarm}${bytes(freeBytes)} free, the ledger grows by ${bytes(bytesPerDay)} a day: lasts ${lasts}`];
}
