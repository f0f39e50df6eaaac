import { LineCounter, parseDocument } from 'yaml';
import { nearestName } from '../domain/nearest.ts';
import { SETTINGS } from './settings.ts';
import { yamlProblem } from './yaml-problem.ts';

/** One place that settings come from, with the values it holds by the names of the YAML file. */
export type Source = {
  readonly values: ReadonlyMap<string, unknown>;
  /** How a person finds the setting there: `rate_calls (config.yaml)`. */
  readonly nameOf: (key: string) => string;
};

export type ReadText = (path: string) => string;

const PREFIX = 'LEDGER_';
export const CONFIG_ENV = 'LEDGER_CONFIG';

/** DataForSEO's own samples call the login a user name. */
const LOGIN_ALIAS = 'DATAFORSEO_USERNAME';

const ENV_OF = new Map(SETTINGS.map((setting) => [setting.key, setting.env]));
const KNOWN_ENV = [...ENV_OF.values(), CONFIG_ENV];

/** What Kubernetes puts into every container of a namespace that has a service named `ledger`. Nobody typed these. */
const INJECTED = /^LEDGER_(\w+_)?(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)$/;

/** Flags, by the names of the YAML file. */
export function readFlags(flags: Readonly<Record<string, string>>): Source {
  return { values: new Map(Object.entries(flags)), nameOf: (key) => `--${key.replaceAll('_', '-')}` };
}

/** The environment. A variable that is set to nothing counts as unset: compose files pass those on. */
export function readEnv(env: Readonly<Record<string, string | undefined>>, problems: string[]): Source {
  problems.push(...unknownVariables(env));
  const values = new Map(
    [...ENV_OF]
      .map(([key, name]) => [key, env[name]] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const login = loginOf(env, problems);
  if (login !== null) values.set('dataforseo_login', login.value);
  const nameOf = (key: string) =>
    key === 'dataforseo_login' && login !== null ? login.name : (ENV_OF.get(key) ?? key);
  return { values, nameOf: (key) => `${nameOf(key)} (environment)` };
}

/** The YAML file. Whatever is wrong with it is told without a word of its content, which may be a secret. */
export function readYaml(path: string | null, readText: ReadText, problems: string[]): Source {
  const nameOf = (key: string) => `${key} (${path ?? 'file'})`;
  const values = new Map<string, unknown>();
  for (const [key, value] of path === null ? [] : entriesOf(path, readText, problems)) {
    if (!ENV_OF.has(key)) problems.push(`${nameOf(key)} is no setting${meantKey(key)}.`);
    else if (value !== null) values.set(key, value);
  }
  return { values, nameOf };
}

/** Names set in the environment that look like a try at a credential: for the message that one is missing. */
export function lookalikes(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.keys(env).filter(
    (name) => /^(DATA_?FOR_?SEO|DFS)_/i.test(name) && name !== LOGIN_ALIAS && !KNOWN_ENV.includes(name),
  );
}

/** The key of the credential that a name comes near to; null where it comes near to none. */
export function credentialMeantBy(name: string): string | null {
  const keys = ['dataforseo_login', 'dataforseo_password'];
  const names = new Map(keys.flatMap((key) => [key, `${key}_file`].map((each) => [each.toUpperCase(), key])));
  names.set(LOGIN_ALIAS, 'dataforseo_login');
  return names.get(nearestName(name, [...names.keys()]) ?? '') ?? null;
}

/** One sentence a file that cannot be read, for any file that a setting names. */
export function unreadable(name: string, path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return `${name} names ${JSON.stringify(path)}, which cannot be read (${code}); it must be a file that this user may read.`;
}

function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith(PREFIX) && !KNOWN_ENV.includes(name) && !isInjected(name, value))
    .map(([name]) => `${name} (environment) is no setting${meantVariable(name)}.`);
}

function isInjected(name: string, value = ''): boolean {
  return INJECTED.test(name) || (name.endsWith('_PORT') && /^(tcp|udp):\/\//.test(value));
}

/** `login` is how other programs call what is `dataforseo_login` here. */
function meantKey(typed: string): string {
  const longer = [...ENV_OF.keys()].find((key) => key.endsWith(`_${typed.toLowerCase()}`));
  return longer === undefined ? meant(typed, [...ENV_OF.keys()]) : `; ${longer} is one`;
}

/** Their common beginning brings no name nearer to another. */
function meantVariable(typed: string): string {
  const rest = typed.slice(PREFIX.length);
  const [same, ...others] = KNOWN_ENV.filter((name) => name === rest || name.endsWith(`_${rest}`));
  if (same !== undefined && others.length === 0) return `; ${same} is one`;
  const rests = KNOWN_ENV.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
  return meant(rest, rests, PREFIX);
}

function meant(typed: string, names: readonly string[], prefix = ''): string {
  const nearest = nearestName(typed, names);
  return nearest === null ? '' : `; ${prefix}${nearest} is one`;
}

function loginOf(env: Readonly<Record<string, string | undefined>>, problems: string[]) {
  const name = ENV_OF.get('dataforseo_login') ?? '';
  const own = env[name] ?? '';
  const alias = env[LOGIN_ALIAS] ?? '';
  if (own !== '' && alias !== '' && own !== alias) {
    problems.push(`${name} and ${LOGIN_ALIAS} (environment) are both set and differ; set one of them.`);
  }
  if (own !== '') return { name, value: own };
  return alias === '' ? null : { name: LOGIN_ALIAS, value: alias };
}

function entriesOf(path: string, readText: ReadText, problems: string[]): readonly (readonly [string, unknown])[] {
  const lineCounter = new LineCounter();
  // "Pretty" errors quote the line they are about. More silent than this, a second document would go unsaid.
  const options = { prettyErrors: false, logLevel: 'error', lineCounter } as const;
  const document = parseDocument(textOf(path, readText, problems), options);
  const problem = yamlProblem(document);
  if (problem !== null) {
    const { line, col } = lineCounter.linePos(problem.offset);
    problems.push(`${path}, line ${line}, column ${col}: ${problem.what}.`);
    return [];
  }
  const content: unknown = document.toJS() ?? {};
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return Object.entries(content);
  problems.push(`${path} must hold lines of the form "rate_calls: 10".`);
  return [];
}

function textOf(path: string, readText: ReadText, problems: string[]): string {
  try {
    return readText(path);
  } catch (error) {
    problems.push(unreadable(`${CONFIG_ENV} or --config`, path, error));
    return '';
  }
}
