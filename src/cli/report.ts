import { Argument } from 'commander';
import { agrees } from '../domain/reconciliation.ts';
import { REPORT_KINDS, type ReportAnswer, type ReportQuestion } from '../domain/report.ts';
import type { CliCommand, CliDeps } from './command.ts';
import { EXIT } from './exit-code.ts';
import { createFlow, type Flow } from './flow.ts';
import { openFor } from './open.ts';
import { certificateText } from './report/certificate-text.ts';
import { formatIn, questionOf, REPORT_OPTIONS, type ReportFormat } from './report/question.ts';
import { unknownLine, unknownTagLine } from './report/unknown-line.ts';
import { carefulOf, withSheet, type Tabular } from './report/sheets.ts';
import { writeCsv } from './report/write-csv.ts';
import { writeJson } from './report/write-json.ts';
import { shownLines } from './shown.ts';

export const report: CliCommand = {
  name: 'report',
  usage: 'report <kind>',
  summary: 'costs, failures, unfinished, duplicates, changes, retrievable, reconcile, doubts or coverage',
  details: `- costs: tasks and dollars, by day unless --by says otherwise
- failures, unfinished: the tasks, or with --by how many and what they cost
- duplicates: the same endpoint and parameters (tag aside) within a day, and what the repeats cost
- changes: what later readings changed, with the refunds summed up; --since and --until are when it was seen
- retrievable: results that DataForSEO still keeps, and until when
- reconcile: today's cost by DataForSEO's own count against the ledger's; makes one call, so it needs credentials; exits
with 1 when they differ, as on a busy account by what has not been read yet, of which it says the cost
- doubts: where DataForSEO contradicted itself, the newest first
- coverage: the auditor's certificate: what is on record, what proves it, what is missing; exits with 1 when anything is

Days are UTC. All but reconcile make no call; all work beside a running daemon. A tag, endpoint, API or state that no task has is named on
standard error, with what comes near (of tags among the 5,000 newest sums by day); with --tag so are the tasks whose tag is not known:
their metadata is lost, not read yet or never listed. In CSV a text that a spreadsheet would take for a
formula has an apostrophe in front, and several tags or ids in one cell are an array of JSON; JSON has every text as it is, and money exact in whole micro-dollars too.`,
  examples: [
    'report costs --since 2026-03-01 --until 2026-04-01 --tag customer-7',
    'report costs --by month --by tag --format csv',
    'report failures --since 12h',
    'report coverage',
  ],
  settings: 'of_calls',
  operands: [new Argument('<kind>', 'what to report').choices(REPORT_KINDS)],
  options: REPORT_OPTIONS,
  act: async (typed, deps) => {
    const question = questionOf(typed, deps.clock.now());
    const credentials = question.kind === 'reconcile';
    const { app, config } = await openFor(typed, deps, { credentials, atLeast: 'warn' });
    let code: number = EXIT.done;
    const use = async (answer: ReportAnswer) => {
      code = await write({ question, answer, format: formatIn(typed.options) }, deps);
      for (const value of answer.unknown) deps.stderr.write(`${unknownLine(value, config.apis)}\n`);
      if (answer.unknownTag !== null) deps.stderr.write(`${unknownTagLine(answer.unknownTag)}\n`);
    };
    await app.report({ question, use }, deps.signal);
    return code;
  },
};

type Asked = { readonly question: ReportQuestion; readonly answer: ReportAnswer; readonly format: ReportFormat };

async function write({ question, answer, format }: Asked, deps: CliDeps): Promise<number> {
  const flow = createFlow(deps.stdout);
  const { report: told } = answer;
  if (told.kind === 'coverage') {
    const { certificate } = told;
    const text = format === 'table' ? shownLines(certificateText(certificate)) : JSON.stringify(certificate, null, 2);
    await flow.write(`${text}\n`);
    await flow.end();
    return certificate.complete ? EXIT.done : EXIT.failed;
  }
  const asked = { question, answer, commandName: deps.commandName };
  await writeSheet(told, asked, { format, flow });
  await flow.end();
  // The table says it itself, JSON has it in `complete`; in rows of CSV there is no place for it.
  if (format === 'csv') for (const line of carefulOf(asked)) deps.stderr.write(`${line}\n`);
  return told.kind === 'reconcile' && !agrees(told) ? EXIT.failed : EXIT.done;
}

type Manner = { readonly format: ReportFormat; readonly flow: Flow };

async function writeSheet(
  told: Tabular,
  asked: Parameters<typeof withSheet>[1],
  { format, flow }: Manner,
): Promise<void> {
  await withSheet(told, asked, async (sheet) => {
    switch (format) {
      case 'table':
        // What it measures texts with takes longer to load than most answers take.
        await (await import('./report/write-table.ts')).writeTable(sheet, flow);
        break;
      case 'csv':
        await writeCsv(sheet, flow);
        break;
      case 'json':
        await writeJson(sheet, flow);
    }
  });
}
