import { SETTINGS } from '../config/settings.ts';
import { CONFIG_ENV } from '../config/sources.ts';
import type { CliDeps, Typed } from './command.ts';

/** What decides which ledger is meant, and what is said of it. */
const OF_THE_LEDGER: readonly string[] = ['database', 'apis', 'lag', 'tail_cron'];
/** A budget beyond the API's limit is taken only together with the address that may have one. */
const OF_THE_BUDGET: readonly string[] = ['rate_calls', 'rate_period'];
const ADDRESS = 'dataforseo_url';

/**
 * A command as it can be pasted to look at the same ledger: what was given by a flag or in the environment, which may have been
 * set for one command only, is repeated as a flag. Secrets never are: commands that only look need none.
 */
export function hintOf(command: string, { settings }: Typed, { env, commandName }: CliDeps): string {
  const given = SETTINGS.flatMap(({ key, flag, env: name, default: standard }) => {
    const value = settings[key] ?? env[name] ?? '';
    return flag === null || value === '' || value === standard ? [] : [{ key, words: `${flag} ${quoted(value)}` }];
  });
  const config = settings['config'] ?? env[CONFIG_ENV] ?? '';
  const hasBudget = given.some(({ key }) => OF_THE_BUDGET.includes(key));
  const repeated = given.filter(
    ({ key }) => OF_THE_LEDGER.includes(key) || (hasBudget && (OF_THE_BUDGET.includes(key) || key === ADDRESS)),
  );
  const words = [...(config === '' ? [] : [`--config ${quoted(config)}`]), ...repeated.map((one) => one.words)];
  return [commandName, command, ...words].join(' ');
}

/** As a shell takes it. */
export function quoted(value: string): string {
  return /^[\w.:/@,-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
