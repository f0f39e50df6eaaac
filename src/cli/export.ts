import { setImmediate } from 'node:timers/promises';
import { Option } from 'commander';
import { ConfigError } from '../domain/errors.ts';
import type { TaskExport } from '../domain/task-export.ts';
import type { CliCommand, CliDeps, Typed } from './command.ts';
import { EXIT } from './exit-code.ts';
import { csvEncoder, ndjsonEncoder, type Encoder } from './export/encoders.ts';
import { parquetEncoder } from './export/parquet-encoder.ts';
import { fileSink, outputSink, type Sink } from './export/sink.ts';
import { count, counted } from './format.ts';
import { openFor } from './open.ts';
import { createProgressNote } from './progress-note.ts';
import { rangeIn, RANGE_OPTIONS } from './report/question.ts';
import { carefulOf } from './report/sheets.ts';

const FORMATS = ['csv', 'ndjson', 'parquet'] as const;
type ExportFormat = (typeof FORMATS)[number];

export const exportCommand: CliCommand = {
  name: 'export',
  usage: 'export --format csv|ndjson|parquet --out PATH',
  summary: 'every task with all its columns, streamed into a file',
  details: `The columns are those of the view tasks, in the order of posted times. The file appears under its name when it is whole;
before that, and when it is interrupted, nothing is there. "--out -" writes to standard output instead. Makes no call, needs
no credentials, and works beside a running daemon; tasks that come meanwhile may be in it or not.

In CSV a text that a spreadsheet would take for a formula has an apostrophe in front. NDJSON and Parquet have every text as
it is. In Parquet the columns ending in _at are timestamps in UTC; elsewhere they are epoch seconds.`,
  examples: [
    'export --format parquet --out tasks.parquet',
    'export --format csv --since 2026-03-01 --until 2026-04-01 --out march.csv',
    'export --format ndjson --since 1d --out - | head',
  ],
  settings: 'of_the_ledger',
  options: [
    new Option('--format <format>', 'how to write it').choices(FORMATS).makeOptionMandatory(),
    new Option('--out <path>', 'the file, or - for standard output').makeOptionMandatory(),
    ...RANGE_OPTIONS,
  ],
  act: async (typed, deps) => {
    const range = rangeIn(typed.options, deps.clock.now());
    const { app, config } = await openFor(typed, deps, { credentials: false, atLeast: 'warn' });
    const path = outIn(typed);
    const use = async (exported: TaskExport) => {
      const about = { ledger: config.databasePath, now: deps.clock.now() };
      const sink = path === '-' ? outputSink(deps.stdout) : await fileSink(path, about);
      const tasks = await write(exported, { sink, format: formatIn(typed) }, deps);
      if (path !== '-') deps.stdout.write(`${counted(tasks, 'task')} in ${path}\n`);
      for (const line of carefulOf({ answer: exported, commandName: deps.commandName })) deps.stderr.write(`${line}\n`);
    };
    await app.export({ range, use });
    return EXIT.done;
  },
};

function formatIn({ options }: Typed): ExportFormat {
  return FORMATS.find((format) => format === options['format']) ?? 'csv';
}

/** @throws {ConfigError} */
function outIn({ options }: Typed): string {
  const path = options['out'];
  if (typeof path === 'string' && path !== '') return path;
  throw new ConfigError(['--out: it must name a file, or be - for standard output.']);
}

type Manner = { readonly sink: Sink; readonly format: ExportFormat };

/** @returns How many tasks were written. @throws `signal.reason` when interrupted; then nothing is left. */
async function write({ total, pages }: TaskExport, { sink, format }: Manner, deps: CliDeps): Promise<number> {
  const progress = createProgressNote(deps.stderr, deps.clock);
  try {
    const encoder = await encoderOf(format, sink, deps.version);
    let tasks = 0;
    for (const rows of pages) {
      await encoder.add(rows);
      tasks += rows.length;
      progress.show(() => `${count(tasks)} of ${counted(Math.max(total, tasks), 'task')}`);
      // Signals are heard between pages.
      await setImmediate();
      deps.signal.throwIfAborted();
    }
    await encoder.end();
    await sink.commit();
    return tasks;
  } catch (error) {
    await sink.discard();
    throw error;
  } finally {
    progress.clear();
  }
}

async function encoderOf(format: ExportFormat, sink: Sink, version: string): Promise<Encoder> {
  switch (format) {
    case 'csv':
      return await csvEncoder(sink);
    case 'ndjson':
      return ndjsonEncoder(sink);
    case 'parquet':
      return parquetEncoder(sink, `dataforseo-ledger ${version}`);
  }
}
