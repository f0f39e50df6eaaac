import { InvalidArgumentError, Option } from 'commander';
import { INSTANT_FORMS, parseInstant } from '../../config/instant.ts';
import { API_NAMES } from '../../config/settings.ts';
import { endpointName } from '../../domain/endpoint-name.ts';
import { ConfigError } from '../../domain/errors.ts';
import {
  DIMENSIONS,
  REPORT_KINDS,
  type Dimension,
  type ReportFilter,
  type ReportKind,
  type ReportQuestion,
} from '../../domain/report.ts';
import type { TaskState } from '../../domain/task.ts';
import type { Typed } from '../command.ts';

const FORMATS = ['table', 'csv', 'json'] as const;
export type ReportFormat = (typeof FORMATS)[number];

const STATES: readonly TaskState[] = ['finished', 'empty', 'partial', 'failed', 'pending'];
/** The reports that can be told apart by dimensions. */
const GROUPED: readonly ReportKind[] = ['costs', 'failures', 'unfinished'];
/** What cannot be narrowed so says so: a certificate of everything must not pass for one of a tag. */
const UNHEEDED: Partial<Readonly<Record<ReportKind, readonly string[]>>> = {
  coverage: ['endpoint', 'tag', 'state'],
  doubts: ['endpoint', 'tag', 'state'],
  reconcile: ['since', 'until', 'endpoint', 'tag', 'state'],
};
/** The reports of one state: another one asked for would stand in the head, above tasks that are not in it. */
const OF_STATE: Partial<Readonly<Record<ReportKind, TaskState>>> = { failures: 'failed', unfinished: 'pending' };
/** More groups than this are summed up, and not listed. */
const MOST_GROUPS = 10_000;

export const RANGE_OPTIONS = [
  new Option('--since <time>', 'from this moment on, UTC, or so long ago: 2026-03-01, "2026-03-01 12:30:00", 12h, 30d'),
  new Option('--until <time>', 'before this moment, likewise'),
];

export const REPORT_OPTIONS: readonly Option[] = [
  ...RANGE_OPTIONS,
  new Option('--api <name>', 'only of this API').choices(API_NAMES),
  new Option('--endpoint <name>', 'only of this endpoint, such as backlinks/summary/live'),
  new Option('--tag <tag>', 'only with this tag'),
  new Option('--state <state>', 'only in this state').choices(STATES),
  new Option('--by <dimension>', `sums by ${DIMENSIONS.join(', ')}; more than once for more of them`).argParser(
    addDimension,
  ),
  new Option('--format <format>', 'how to write it').choices(FORMATS).default('table'),
];

function addDimension(text: string, before: unknown): Dimension[] {
  const named = text.split(',').map((name) => DIMENSIONS.find((dimension) => dimension === name.trim()));
  const known = named.filter((name) => name !== undefined);
  if (known.length < named.length) throw new InvalidArgumentError(`Allowed choices are ${DIMENSIONS.join(', ')}.`);
  return dimensionsIn([...listOf(before), ...known]);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** In the order of the columns, each once. */
function dimensionsIn(values: readonly unknown[]): Dimension[] {
  return DIMENSIONS.filter((dimension) => values.includes(dimension));
}

/** What was asked, from what was typed. @param now - Epoch ms, for what is given as so long ago. @throws {ConfigError} */
export function questionOf({ operands, options }: Typed, now: number): ReportQuestion {
  const kind = REPORT_KINDS.find((name) => name === operands[0]) ?? 'costs';
  const by = dimensionsIn(listOf(options['by']));
  if (by.length > 0 && !GROUPED.includes(kind))
    throw new ConfigError([`--by: report ${kind} has no sums; ${GROUPED.join(', ')} have.`]);
  if (kind === 'coverage' && formatIn(options) === 'csv')
    throw new ConfigError(['--format: report coverage is text (table) or json.']);
  const unheeded = UNHEEDED[kind]?.filter((name) => textIn(options, name) !== null) ?? [];
  if (unheeded.length > 0)
    throw new ConfigError(
      unheeded.map(
        (name) => `--${name}: report ${kind} is of whole APIs${kind === 'reconcile' ? ' and of today' : ''}.`,
      ),
    );
  const filter = { ...filterIn(options), ...rangeIn(options, now) };
  refuseOtherState(kind, filter.state);
  return { kind, by, filter, mostGroups: MOST_GROUPS };
}

/** @throws {ConfigError} */
function refuseOtherState(kind: ReportKind, state: TaskState | null): void {
  const own = OF_STATE[kind];
  if (own === undefined || state === null || state === own) return;
  throw new ConfigError([
    `--state: report ${kind} is of ${own} tasks alone; leave it out, or sum up the others with report costs --state ${state}.`,
  ]);
}

export function formatIn(options: Typed['options']): ReportFormat {
  return FORMATS.find((format) => format === options['format']) ?? 'table';
}

function filterIn(options: Typed['options']): Omit<ReportFilter, 'since' | 'until'> {
  return {
    api: textIn(options, 'api'),
    endpoint: endpointIn(options),
    tag: textIn(options, 'tag'),
    state: STATES.find((state) => state === options['state']) ?? null,
  };
}

function endpointIn(options: Typed['options']): string | null {
  const text = textIn(options, 'endpoint');
  return text === null ? null : endpointName(text);
}

/** @throws {ConfigError} */
export function rangeIn(options: Typed['options'], now: number): Pick<ReportFilter, 'since' | 'until'> {
  const problems: string[] = [];
  const momentIn = (name: 'since' | 'until') => {
    const text = textIn(options, name);
    if (text === null) return null;
    const at = parseInstant(text, now);
    if (at === null) problems.push(`--${name} is ${JSON.stringify(text)}; it must be ${INSTANT_FORMS}.`);
    return at;
  };
  const range = { since: momentIn('since'), until: momentIn('until') };
  if (range.since !== null && range.until !== null && range.since >= range.until)
    problems.push('--since must lie before --until.');
  if (problems.length > 0) throw new ConfigError(problems);
  return range;
}

function textIn(options: Typed['options'], name: string): string | null {
  const value = options[name];
  return typeof value === 'string' ? value : null;
}
