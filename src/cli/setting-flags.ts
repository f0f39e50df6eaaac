import { Option } from 'commander';
import { SETTINGS, type Setting } from '../config/settings.ts';

/** One flag a setting, under a heading of their own; defaults are not given to the parser, because a flag goes before all else. */
export function settingOptions(): Option[] {
  const config = new Option('--config <path>', 'the YAML file with settings [LEDGER_CONFIG]').helpGroup('Settings:');
  return [config, ...SETTINGS.flatMap((setting) => optionOf(setting) ?? [])];
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
  return new Option(`${setting.flag} <${setting.placeholder}>`, text).helpGroup('Settings:');
}
