import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { z } from 'zod';
import { SETTINGS, settingsSchema, type Setting } from '../src/config/settings.ts';

/** The shape of the YAML file, for editors. */
const SCHEMA = { title: 'The settings of dataforseo-ledger', ...z.toJSONSchema(settingsSchema, { io: 'input' }) };

/** What `npm run generate` writes, by path; a test holds the files against it. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['config/default.yaml', defaultYaml()],
    ['config/schema.json', `${JSON.stringify(SCHEMA, null, 2)}\n`],
  ]);
}

function defaultYaml(): string {
  const head = [
    '# yaml-language-server: $schema=schema.json',
    '# Every setting with its default. Copy what you change into a file of your own and name that in LEDGER_CONFIG.',
    '# A flag goes before the environment, the environment before the file. Durations: 500ms, 60s, 10m, 1h, 30d.',
    '# Generated from src/config/settings.ts by `npm run generate`.',
  ];
  return `${[head.join('\n'), ...SETTINGS.map(entry)].join('\n\n')}\n`;
}

function entry(setting: Setting): string {
  const flag = setting.flag === null ? '' : `, ${setting.flag} <${setting.placeholder}>`;
  return `# ${setting.meaning}\n# (${setting.env}${flag})\n${stringify({ [setting.key]: valueOf(setting) }, { singleQuote: true }).trimEnd()}`;
}

function valueOf(setting: Setting): unknown {
  return setting.default !== null && /^\d+$/.test(setting.default) ? Number(setting.default) : setting.default;
}

if (import.meta.main) {
  for (const [path, text] of generatedFiles()) writeFileSync(new URL(`../${path}`, import.meta.url), text);
}
