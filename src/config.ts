import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isLoopback } from './config/address.ts';
import { realPath } from './config/real-path.ts';
import { createSecret, type Secret } from './config/secret.ts';
import { FILE_KEYS, SETTINGS, settingsSchema, type SettingKey, type SettingValues } from './config/settings.ts';
import {
  CONFIG_ENV,
  credentialMeantBy,
  lookalikes,
  readEnv,
  readFlags,
  readYaml,
  unreadable,
  type ReadText,
} from './config/sources.ts';
import { ConfigError } from './domain/errors.ts';
import { MINUTE_MS } from './time.ts';

/** All settings, parsed once. Durations are milliseconds; no secret in it shows when it is printed. */
export type Config = {
  /** Without a slash at its end. */
  readonly url: string;
  /** Null for commands that make no call. */
  readonly credentials: { readonly login: string; readonly password: Secret } | null;
  readonly apis: SettingValues['apis'];
  readonly databasePath: string;
  readonly rateCalls: number;
  readonly ratePeriodMs: number;
  readonly tailCron: string;
  readonly lagMs: number;
  readonly settleMs: number;
  readonly timeoutMs: number;
  readonly http: { readonly host: string; readonly port: number; readonly token: Secret | null };
  readonly alertUrl: Secret | null;
  readonly heartbeatUrl: Secret | null;
  readonly logLevel: SettingValues['log_level'];
};

export type ConfigInputs = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By the names of the YAML file; `config` names that file. */
  readonly flags: Readonly<Record<string, string>>;
  readonly readFile?: ReadText;
};

/** A value before it is judged, and how a person finds where it was set. */
type Given = { readonly value: unknown; readonly name: string };
type AllGiven = Map<string, Given>;

const SECRET_KEYS: readonly string[] = SETTINGS.filter((setting) => setting.secret).map(({ key }) => key);

/** DataForSEO's limit for `id_list` (docs/endpoint.md, "The call"). */
const MOST_CALLS_A_MINUTE = 10;

/**
 * Reads every setting: flag, environment, YAML file, default, the first that has it.
 *
 * @param needs.credentials - Whether the command calls the API. When not, secrets are not even read: `status` works for
 *   a user who may not read them.
 * @throws {ConfigError} With all problems at once.
 */
export function loadConfig(inputs: ConfigInputs, needs: { readonly credentials: boolean }): Config {
  const problems: string[] = [];
  const readText = inputs.readFile ?? ((path: string) => readFileSync(path, 'utf8'));
  const given = gather(inputs, readText, problems);
  if (needs.credentials) readSecretFiles(given, readText, problems);
  else for (const key of FILE_KEYS.flat()) given.delete(key);
  const values = judge(given, problems);
  if (needs.credentials) requireCredentials(given, inputs.env, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return toConfig(values);
}

/** Every text that must never be printed, for the scrubbers of the log and of the last words. */
export function secretsOf(config: Config): readonly string[] {
  const secrets = [config.http.token, config.alertUrl, config.heartbeatUrl].flatMap((secret) => secret?.reveal() ?? []);
  if (config.credentials === null) return secrets;
  const { login, password } = config.credentials;
  const pair = `${login}:${password.reveal()}`;
  return [...secrets, pair, Buffer.from(pair, 'utf8').toString('base64'), password.reveal()];
}

/** Of each key the value of the first source that has it. A secret and its file are one: the first source with either counts. */
function gather(inputs: ConfigInputs, readText: ReadText, problems: string[]): AllGiven {
  const { config: flagged, ...flags } = inputs.flags;
  const path = flagged ?? inputs.env[CONFIG_ENV] ?? '';
  const sources = [
    readFlags(flags),
    readEnv(inputs.env, problems),
    readYaml(path === '' ? null : path, readText, problems),
  ];
  const given: AllGiven = new Map();
  for (const { key } of SETTINGS) {
    const source = sources.find(({ values }) => [key, ...twinsOf(key)].some((name) => values.has(name)));
    if (source?.values.has(key)) given.set(key, { value: source.values.get(key), name: source.nameOf(key) });
  }
  return given;
}

function twinsOf(key: string): string[] {
  return FILE_KEYS.filter((pair) => pair.some((name) => name === key)).flat();
}

/** Puts the content of each named file in the place of the secret, so that from here on there is one way to have it. */
function readSecretFiles(given: AllGiven, readText: ReadText, problems: string[]): void {
  for (const [key, fileKey] of FILE_KEYS) {
    const [plain, file] = [given.get(key), given.get(fileKey)];
    if (plain !== undefined && file !== undefined)
      problems.push(`${plain.name} and ${file.name} are both set; set one of them.`);
    if (plain !== undefined || typeof file?.value !== 'string') continue;
    const secret = secretIn(file.value, file.name, readText);
    if ('problem' in secret) problems.push(secret.problem);
    given.set(key, { value: secret.text, name: `the content of ${file.name}` });
  }
}

type SecretFile = { readonly text: string } | { readonly text: null; readonly problem: string };

function secretIn(path: string, name: string, readText: ReadText): SecretFile {
  try {
    // Editors and scripts end a file with line breaks; these are no part of the secret.
    const text = readText(path).replace(/[\r\n]+$/, '');
    if (text.trim() !== '') return { text };
    const lack = text === '' ? 'is empty' : 'holds nothing but blanks';
    return { text: null, problem: `${name} names ${JSON.stringify(path)}, which ${lack}; it must hold the secret.` };
  } catch (error) {
    return { text: null, problem: unreadable(name, path, error) };
  }
}

/** Parses everything; what is wrong becomes a problem and its default stands in, so that all problems are found at once. */
function judge(given: AllGiven, problems: string[]): SettingValues {
  const raw = (keys: AllGiven) => Object.fromEntries([...keys].map(([key, { value }]) => [key, value]));
  const wrong = new Map<string, string>();
  for (const issue of settingsSchema.safeParse(raw(given)).error?.issues ?? []) {
    const key = String(issue.path[0]);
    if (!wrong.has(key)) wrong.set(key, issue.message);
  }
  for (const [key, message] of wrong) problems.push(`${described(key, given.get(key))}; ${message}.`);
  const values = settingsSchema.parse(raw(new Map([...given].filter(([key]) => !wrong.has(key)))));
  // In the place of an address that is wrong stands the default, which is the one that has a limit.
  const budget: SettingKey[] = ['rate_calls', 'rate_period'];
  if (!budget.some((key) => wrong.has(key))) problems.push(...overBudget(values, given));
  return values;
}

function described(key: string, given: Given | undefined): string {
  const name = given?.name ?? key;
  // An address with a user name in it holds a password too.
  const isSecret = SECRET_KEYS.includes(key) || (key === 'dataforseo_url' && String(given?.value).includes('@'));
  return isSecret ? `${name} cannot be used` : `${name} is ${JSON.stringify(given?.value)}`;
}

function overBudget(values: SettingValues, given: AllGiven): string[] {
  const mostInAMinute = values.rate_calls * Math.ceil(MINUTE_MS / values.rate_period);
  if (mostInAMinute <= MOST_CALLS_A_MINUTE || isLoopback(new URL(values.dataforseo_url))) return [];
  const keys = ['rate_calls', 'rate_period'];
  const set = keys
    .flatMap((key) => given.get(key) ?? [])
    .map(({ name, value }) => `${name} is ${JSON.stringify(value)}`);
  const why = values.rate_period > MINUTE_MS ? ' (all of a period could fall into the same one)' : '';
  return [
    `${set.join(' and ')}, which lets ${mostInAMinute} calls into one minute${why}; it must be at most ${MOST_CALLS_A_MINUTE}, the limit of the API (only a loopback URL may have more).`,
  ];
}

function requireCredentials(given: AllGiven, env: ConfigInputs['env'], problems: string[]): void {
  const tries = lookalikes(env);
  for (const [key, fileKey] of FILE_KEYS.slice(0, 2)) {
    if (given.has(key) || given.has(fileKey)) continue;
    const similar = tries.filter((name) => isTryAt(key, name, given)).join(', ');
    const hint = similar === '' ? '' : ` (${similar} is set, which is not read)`;
    const [env, meaning] = SETTINGS.filter((setting) => setting.key === key).flatMap((it) => [it.env, it.meaning]);
    problems.push(`${env ?? key} is not set${hint}; it or ${env ?? key}_FILE must give the ${meaning ?? key}.`);
  }
}

/** A misspelt login says nothing of the password, unless there is a login already. */
function isTryAt(key: string, name: string, given: AllGiven): boolean {
  const meant = credentialMeantBy(name);
  return meant === null || meant === key || given.has(meant);
}

function toConfig(values: SettingValues): Config {
  const { dataforseo_login: login, dataforseo_password: password } = values;
  return {
    url: values.dataforseo_url,
    credentials: login === null || password === null ? null : { login, password: createSecret(password) },
    apis: values.apis,
    databasePath: withoutLinks(values.database),
    rateCalls: values.rate_calls,
    ratePeriodMs: values.rate_period,
    tailCron: values.tail_cron,
    lagMs: values.lag,
    settleMs: values.settle,
    timeoutMs: values.timeout,
    http: { host: values.http_host, port: values.http_port, token: maybeSecret(values.http_token) },
    alertUrl: maybeSecret(values.alert_url),
    heartbeatUrl: maybeSecret(values.heartbeat_url),
    logLevel: values.log_level,
  };
}

/** By two names one ledger would have two locks, and two processes one budget each. As it was given where no link is in it. */
function withoutLinks(path: string): string {
  const real = realPath(path);
  return real === resolve(path) ? path : real;
}

function maybeSecret(text: string | null): Secret | null {
  return text === null ? null : createSecret(text);
}
