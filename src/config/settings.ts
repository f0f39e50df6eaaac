import { z } from 'zod';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../time.ts';
import { readApiAddress } from './address.ts';
import {
  address,
  cron,
  duration,
  namesOf,
  oneOf,
  optionalText,
  secretAddress,
  textLike,
  wholeNumber,
} from './fields.ts';

/** The APIs that have an `id_list` (docs/endpoint.md). */
export const API_NAMES = [
  'serp',
  'keywords_data',
  'dataforseo_labs',
  'backlinks',
  'on_page',
  'domain_analytics',
  'content_analysis',
  'merchant',
  'app_data',
  'business_data',
  'ai_optimization',
] as const;

/** pino's, the most talkative first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** A colon would end the login in HTTP Basic; a line break inside means that more was copied than the secret. */
const LOGIN = optionalText(/^[^:\p{Cc}]+$/u, 'it must be one line without a colon');
const PASSWORD = optionalText(/^\P{Cc}+$/u, 'it must be one line');
/** Whoever reaches the port may guess, for as long as they like (src/http/guard.ts slows them down). */
const TOKEN = optionalText(
  /^[\x21-\x7e]{12,}$/,
  'it must be one word of at least 12 printable ASCII characters, such as `openssl rand -hex 32` makes',
);
const FILE = optionalText(/^[^\0]+$/, 'it must be the path of a file');
const DATABASE = textLike(/^(?!:memory:$)[^\0]+$/, 'it must be the path of a file');
const HOST = textLike(/^[^\s/]+$/, 'it must be a host name or an IP address, without scheme and port');
const URL_DEFAULT = 'https://api.dataforseo.com';

const shown = z.registry<{ readonly placeholder: string }>();

/** Every setting by its name in the YAML file, its default and its meaning; everything else about settings follows from this. */
export const settingsSchema = z.strictObject({
  dataforseo_login: say(LOGIN, 'text', 'login of the API account, see https://app.dataforseo.com/api-access'),
  dataforseo_login_file: say(FILE, 'path', 'file that holds the login instead'),
  dataforseo_password: say(PASSWORD, 'text', 'password of the API account (not the one of the website)'),
  dataforseo_password_file: say(FILE, 'path', 'file that holds the password instead'),
  dataforseo_url: say(address(readApiAddress).prefault(URL_DEFAULT), 'url', 'where the API is'),
  apis: say(
    namesOf(API_NAMES).prefault(['backlinks']),
    'names',
    `which APIs are read from DataForSEO, of ${API_NAMES.join(', ')}`,
  ),
  database: say(DATABASE.prefault('data/ledger.db'), 'path', 'the ledger, one SQLite file'),
  rate_calls: say(wholeNumber(1, 10_000).prefault(10), 'n', 'the budget: at most so many calls in any rate_period'),
  rate_period: say(
    duration(10, DAY_MS).prefault('60s'),
    'duration',
    'the period of the budget; more than 10 calls a minute are refused unless the URL is loopback',
  ),
  tail_cron: say(cron().prefault('* * * * *'), 'cron', 'when new tasks are read (5 or 6 fields, UTC)'),
  lag: say(
    duration(2 * SECOND_MS, HOUR_MS).prefault('30s'),
    'duration',
    "the upper bound stays this far behind the server's clock",
  ),
  settle: say(
    duration(SECOND_MS, 30 * DAY_MS).prefault('1h'),
    'duration',
    'how long after it was posted a task may still appear or move',
  ),
  timeout: say(duration(100, 10 * MINUTE_MS).prefault('60s'), 'duration', 'how long one call may take'),
  http_host: say(HOST.prefault('127.0.0.1'), 'host', 'where the status page listens'),
  http_port: say(wholeNumber(0, 65_535).prefault(8080), 'port', 'its port; 0: any free one, logged'),
  http_token: say(
    TOKEN,
    'text',
    'what programs send as Bearer, browsers as the password of HTTP Basic; at least 12 characters',
  ),
  http_token_file: say(FILE, 'path', 'file that holds the token instead'),
  alert_url: say(secretAddress(), 'url', 'one JSON POST on parked, behind, loss ahead, doubt, disk; and on recovery'),
  heartbeat_url: say(secretAddress(), 'url', "a GET after each good tail read (dead-man's switch)"),
  log_level: say(oneOf(LOG_LEVELS).prefault('info'), 'level', `the least that is logged: ${LOG_LEVELS.join(', ')}`),
});

export type SettingKey = keyof typeof settingsSchema.shape;
export type SettingValues = z.output<typeof settingsSchema>;

/** One setting as people meet it; help texts, the README's table and config/default.yaml are made of these. */
export type Setting = {
  readonly key: string;
  readonly env: string;
  /** Null for the credentials: flags show in the process list. */
  readonly flag: string | null;
  /** As it would be written in the environment; null for none. */
  readonly default: string | null;
  readonly meaning: string;
  /** What stands for the value in help texts. */
  readonly placeholder: string;
  /** Its value must never be shown. */
  readonly secret: boolean;
  /** The setting whose value the named file holds, for the `_FILE` kind. */
  readonly fileOf: string | null;
};

const SECRET_KEYS = ['dataforseo_login', 'dataforseo_password', 'http_token', 'alert_url', 'heartbeat_url'];

/** The settings that a file may hold instead of the environment. */
export const FILE_KEYS = [
  ['dataforseo_login', 'dataforseo_login_file'],
  ['dataforseo_password', 'dataforseo_password_file'],
  ['http_token', 'http_token_file'],
] as const;

export const SETTINGS: readonly Setting[] = Object.entries(settingsSchema.shape).map(([key, schema]) => ({
  key,
  env: envOf(key),
  flag: /^dataforseo_(login|password)/.test(key) ? null : `--${key.replaceAll('_', '-')}`,
  default: defaultOf(schema),
  meaning: schema.description ?? '',
  placeholder: shown.get(schema)?.placeholder ?? 'text',
  secret: SECRET_KEYS.includes(key),
  fileOf: FILE_KEYS.find(([, file]) => file === key)?.[0] ?? null,
}));

function say<Field extends z.ZodType>(field: Field, placeholder: string, meaning: string): Field {
  const said = field.describe(meaning);
  shown.add(said, { placeholder });
  return said;
}

function envOf(key: string): string {
  const isShared = key.startsWith('dataforseo_') || key === 'log_level';
  return (isShared ? key : `ledger_${key}`).toUpperCase();
}

function defaultOf(field: z.ZodType): string | null {
  const value = field instanceof z.ZodPrefault ? field.def.defaultValue : null;
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
