import { Option } from 'commander';
import { SETTINGS, type Setting } from '../config/settings.ts';
import type { ShownSettings } from './command.ts';

export const SETTINGS_HEADING = 'Settings:';

const SHOWN: Readonly<Record<ShownSettings, readonly string[]>> = {
  of_the_ledger: ['apis', 'database', 'rate_calls', 'rate_period', 'tail_cron', 'lag', 'log_level'],
  of_calls: [
    'dataforseo_url',
    'apis',
    'database',
    'rate_calls',
    'rate_period',
    'lag',
    'settle',
    'timeout',
    'log_level',
  ],
  of_checks: [
    ...['dataforseo_url', 'apis', 'database', 'timeout', 'http_host', 'http_port', 'http_token', 'http_token_file'],
    ...['alert_url', 'heartbeat_url', 'log_level'],
  ],
  of_the_page: ['http_host', 'http_port'],
};

/** Whoever may be told where the API is may call it. */
export function needsCredentials(shown: 'all' | ShownSettings): boolean {
  return shown === 'all' || SHOWN[shown].includes('dataforseo_url');
}

/** One flag a setting, under a heading of their own; defaults are not given to the parser, because a flag goes before all else. */
export function settingOptions(shown: 'all' | ShownSettings = 'all'): Option[] {
  const text = 'the YAML file with settings [LEDGER_CONFIG]';
  const config = new Option('--config <path>', text).helpGroup(SETTINGS_HEADING);
  const isShown = ({ key }: Setting) => shown === 'all' || SHOWN[shown].includes(key);
  return [config, ...SETTINGS.flatMap((setting) => optionOf(setting)?.hideHelp(!isShown(setting)) ?? [])];
}

/** The settings among what was parsed, by their name in the YAML file. */
export function settingsIn(options: Readonly<Record<string, unknown>>): Record<string, string> {
  const typed: Record<string, string> = {};
  for (const option of settingOptions()) {
    const value = options[option.attributeName()];
    if (typeof value === 'string') typed[option.name().replaceAll('-', '_')] = value;
  }
  return typed;
}

function optionOf(setting: Setting): Option | null {
  if (setting.flag === null) return null;
  const standard = setting.default === null ? '' : ` (default: ${setting.default})`;
  // Others on this machine see it in the process list.
  const warning = setting.secret ? ', safer in the environment' : '';
  const text = `${setting.meaning}${standard} [${setting.env}${warning}]`;
  return new Option(`${setting.flag} <${setting.placeholder}>`, text).helpGroup(SETTINGS_HEADING);
}
