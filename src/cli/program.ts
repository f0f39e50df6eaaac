import { Command, Help, type Option, type OutputConfiguration } from 'commander';
import { backfill } from './backfill.ts';
import { backup } from './backup.ts';
import type { CliCommand, CliDeps } from './command.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { complaintOf, EXIT, exitCodeOf } from './exit-code.ts';
import { exportCommand } from './export.ts';
import { explain } from './explain.ts';
import { healthcheck } from './healthcheck.ts';
import { plan } from './plan.ts';
import { report } from './report.ts';
import { run } from './run.ts';
import { needsCredentials, settingOptions, SETTINGS_HEADING, settingsIn } from './setting-flags.ts';
import { simulate } from './simulate.ts';
import { status } from './status.ts';
import { verify } from './verify.ts';
import { shown } from './shown.ts';

/** Where the width of a terminal is unknown. */
const HELP_WIDTH = 120;

/** Every command, in the order of the help. */
export const COMMANDS: readonly CliCommand[] = [
  run,
  backfill,
  plan,
  status,
  report,
  exportCommand,
  verify,
  explain,
  doctor,
  backup,
  simulate,
  demo,
  healthcheck,
];

/** Parses and obeys. @param argv - Without node and the script. @returns The exit code; never rejects. */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<number> {
  let code: number = EXIT.done;
  try {
    await createProgram(deps, (ending) => (code = ending)).parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    return complain(error, deps, argv[0]);
  }
}

/** Says what went wrong in words without secrets. @returns The exit code. */
function complain(error: unknown, { signal, stderr, redaction }: CliDeps, name = ''): number {
  const code = exitCodeOf(error, signal);
  for (const line of complaintOf(error, code, [backfill.name, run.name].includes(name)))
    stderr.write(`${shown(redaction.scrub(line))}\n`);
  return code;
}

function createProgram(deps: CliDeps, end: (code: number) => void): Command {
  const program = new Command('dataforseo-ledger')
    .description('Keeps a complete local record of every task that a DataForSEO account has run.')
    .version(deps.version)
    .helpCommand('help [command]', 'help with a command')
    .configureOutput(outputOf(deps))
    .configureHelp({ subcommandTerm: (command) => usageOf(command), groupItems: inOrder })
    .exitOverride()
    .showHelpAfterError(`${deps.commandName} --help tells what there is.`)
    .addHelpText('after', firstSteps(deps.commandName));
  for (const command of COMMANDS) addCommand(program, command, { deps, end });
  return program;
}

function outputOf({ stdout, stderr }: CliDeps): OutputConfiguration {
  return {
    writeOut: (text) => void stdout.write(text),
    writeErr: (text) => void stderr.write(text),
    getOutHelpWidth: () => stdout.columns ?? HELP_WIDTH,
    getErrHelpWidth: () => stderr.columns ?? HELP_WIDTH,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  };
}

function addCommand(
  program: Command,
  command: CliCommand,
  { deps, end }: { readonly deps: CliDeps; readonly end: (code: number) => void },
): void {
  const sub = program.command(command.name).summary(command.summary);
  const summary = `${command.summary[0]?.toUpperCase() ?? ''}${command.summary.slice(1)}.`;
  sub.showHelpAfterError(`${deps.commandName} ${command.name} --help tells what it takes.`);
  sub.description(`${summary}\n\n${asParagraphs(command.details)}`);
  sub.addHelpText('after', examplesOf(command, deps.commandName));
  for (const operand of command.operands ?? []) sub.addArgument(operand);
  const flags = command.settings === 'none' ? [] : settingOptions(command.settings);
  for (const option of [...command.options, ...flags]) sub.addOption(option);
  sub.action(async () => {
    const options = sub.opts<Readonly<Record<string, unknown>>>();
    const settings = command.settings === 'none' ? {} : settingsIn(options);
    end(await command.act({ settings, options, operands: sub.args }, deps));
  });
}

/** The terminal breaks the lines; what begins with a dash has its own. */
function asParagraphs(details: string): string {
  return details.replace(/(?<!\n)\n(?!\n|- )/g, ' ');
}

function usageOf(command: Command): string {
  const name = command.name();
  return COMMANDS.find((each) => each.name === name)?.usage ?? `${name} ${command.usage()}`;
}

/** A command's own flags come before the settings, also where `--help` is the only one. */
function inOrder<Item extends Command | Option>(
  all: Item[],
  visible: Item[],
  groupOf: (item: Item) => string,
): Map<string, Item[]> {
  const groups = [...new Help().groupItems(all, visible, groupOf)];
  return new Map(groups.sort(([a], [b]) => Number(a === SETTINGS_HEADING) - Number(b === SETTINGS_HEADING)));
}

function firstSteps(commandName: string): string {
  return `
Without an account:
  ${commandName} demo

With one:
  export DATAFORSEO_LOGIN=… DATAFORSEO_PASSWORD=…
  ${commandName} backfill

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 DataForSEO refuses us and a person must act,
4 another process holds this ledger, 130 interrupted before it was done.`;
}

function examplesOf(command: CliCommand, commandName: string): string {
  const credentials =
    command.settings !== 'none' && needsCredentials(command.settings)
      ? '\nThe credentials are no flags, others would see them: set DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD, or DATAFORSEO_LOGIN_FILE\nand DATAFORSEO_PASSWORD_FILE.\n'
      : '';
  return `${credentials}\nExamples:\n${command.examples.map((example) => `  ${commandName} ${example}`).join('\n')}`;
}
