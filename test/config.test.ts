import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { generatedFiles } from '../scripts/generate-config.ts';
import { loadConfig, secretsOf, type Config } from '../src/config.ts';
import { settingsSchema, SETTINGS } from '../src/config/settings.ts';
import { ConfigError } from '../src/domain/errors.ts';

const LOGIN = 'agency@example.com';
const PASSWORD = 'p4ss"w\\rd/ü+';
const ACCOUNT = { DATAFORSEO_LOGIN: LOGIN, DATAFORSEO_PASSWORD: PASSWORD };

type Inputs = {
  readonly env?: Record<string, string>;
  readonly flags?: Record<string, string>;
  readonly files?: Record<string, string>;
};

function load({ env = ACCOUNT, flags = {}, files = {} }: Inputs = {}, credentials = true): Config {
  const readFile = (path: string) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    return text;
  };
  return loadConfig({ env, flags, readFile }, { credentials });
}

function problemsOf(inputs: Inputs, credentials = true): readonly string[] {
  try {
    load(inputs, credentials);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const withEnv = (env: Record<string, string>): Inputs => ({ env: { ...ACCOUNT, ...env } });
const withFile = (text: string): Inputs => ({ ...withEnv({ LEDGER_CONFIG: 'my.yaml' }), files: { 'my.yaml': text } });

it('knows the ledger by one name, links followed: two would have two locks', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ledger-config-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'real'));
  writeFileSync(join(folder, 'real', 'ledger.db'), '');
  symlinkSync(join(folder, 'real'), join(folder, 'linked'));
  symlinkSync(join(folder, 'real', 'ledger.db'), join(folder, 'ledger.db'));
  const pathOf = (path: string) => load(withEnv({ LEDGER_DATABASE: join(folder, path) })).databasePath;
  expect([pathOf('ledger.db'), pathOf('linked/ledger.db'), pathOf('linked/new.db'), pathOf('none/new.db')]).toEqual(
    ['real/ledger.db', 'real/ledger.db', 'real/new.db', 'none/new.db'].map((path) => join(folder, path)),
  );
});

describe('settings', () => {
  it('have the defaults that the contract names', () => {
    expect(load()).toMatchObject({
      url: 'https://api.dataforseo.com',
      apis: ['backlinks'],
      databasePath: 'data/ledger.db',
      rateCalls: 10,
      ratePeriodMs: 60_000,
      tailCron: '* * * * *',
      lagMs: 30_000,
      settleMs: 3_600_000,
      timeoutMs: 60_000,
      http: { host: '127.0.0.1', port: 8080, token: null },
      alertUrl: null,
      heartbeatUrl: null,
      logLevel: 'info',
    });
  });

  it('have one name in three spellings', () => {
    expect(SETTINGS.map(({ env, key, flag }) => [env, key, flag])).toMatchObject([
      ['DATAFORSEO_LOGIN', 'dataforseo_login', null],
      ['DATAFORSEO_LOGIN_FILE', 'dataforseo_login_file', null],
      ['DATAFORSEO_PASSWORD', 'dataforseo_password', null],
      ['DATAFORSEO_PASSWORD_FILE', 'dataforseo_password_file', null],
      ['DATAFORSEO_URL', 'dataforseo_url', '--dataforseo-url'],
      ['LEDGER_APIS', 'apis', '--apis'],
      ['LEDGER_DATABASE', 'database', '--database'],
      ['LEDGER_RATE_CALLS', 'rate_calls', '--rate-calls'],
      ['LEDGER_RATE_PERIOD', 'rate_period', '--rate-period'],
      ['LEDGER_TAIL_CRON', 'tail_cron', '--tail-cron'],
      ['LEDGER_LAG', 'lag', '--lag'],
      ['LEDGER_SETTLE', 'settle', '--settle'],
      ['LEDGER_TIMEOUT', 'timeout', '--timeout'],
      ['LEDGER_HTTP_HOST', 'http_host', '--http-host'],
      ['LEDGER_HTTP_PORT', 'http_port', '--http-port'],
      ['LEDGER_HTTP_TOKEN', 'http_token', '--http-token'],
      ['LEDGER_HTTP_TOKEN_FILE', 'http_token_file', '--http-token-file'],
      ['LEDGER_ALERT_URL', 'alert_url', '--alert-url'],
      ['LEDGER_HEARTBEAT_URL', 'heartbeat_url', '--heartbeat-url'],
      ['LOG_LEVEL', 'log_level', '--log-level'],
    ]);
  });

  it('come from the flag before the environment, the environment before the file, the file before the default', () => {
    const files = { 'my.yaml': 'lag: 3s\nsettle: 3h\ntimeout: 3s\n' };
    const env = { ...ACCOUNT, LEDGER_CONFIG: 'my.yaml', LEDGER_LAG: '2s', LEDGER_SETTLE: '2h' };
    const config = load({ env, files, flags: { lag: '4s' } });
    expect([config.lagMs, config.settleMs, config.timeoutMs, config.rateCalls]).toEqual([4_000, 7_200_000, 3_000, 10]);
  });

  it('take the file that a flag names rather than that of the environment', () => {
    const files = { 'flag.yaml': 'rate_calls: 5', 'env.yaml': 'rate_calls: 6' };
    const env = { ...ACCOUNT, LEDGER_CONFIG: 'env.yaml' };
    expect(load({ env, files, flags: { config: 'flag.yaml' } }).rateCalls).toBe(5);
  });

  it.each([
    ['500ms', 500],
    ['60s', 60_000],
    ['10m', 600_000],
  ])('read the duration %s as %i ms', (text, ms) => {
    expect(load(withEnv({ LEDGER_TIMEOUT: text })).timeoutMs).toBe(ms);
  });

  it('read hours and days', () => {
    expect(load(withEnv({ LEDGER_SETTLE: '1h' })).settleMs).toBe(3_600_000);
    expect(load(withEnv({ LEDGER_SETTLE: '30d' })).settleMs).toBe(30 * 86_400_000);
  });

  it.each(['60', '1.5h', '60 s', '1h30m', '-5s', '5S', ''])('refuse %j as a duration in the file', (text) => {
    expect(problemsOf(withFile(`timeout: ${JSON.stringify(text)}`))).toEqual([
      `timeout (my.yaml) is ${JSON.stringify(text)}; it must be a duration from 100ms to 10m, written like 500ms, 60s or 10m.`,
    ]);
  });

  it('take a variable that is set to nothing as unset', () => {
    expect(load(withEnv({ LEDGER_LAG: '', LEDGER_CONFIG: '', LEDGER_HTTP_TOKEN: '' })).lagMs).toBe(30_000);
  });

  it('take several APIs, as text or as a list', () => {
    expect(load(withEnv({ LEDGER_APIS: 'serp, backlinks,serp' })).apis).toEqual(['serp', 'backlinks']);
    expect(load(withFile('apis: [on_page, merchant]')).apis).toEqual(['on_page', 'merchant']);
    expect(load(withFile('apis: ai_optimization')).apis).toEqual(['ai_optimization']);
  });

  it('take a cron expression of 5 or 6 fields', () => {
    expect(load(withEnv({ LEDGER_TAIL_CRON: '*/10 * * * * *' })).tailCron).toBe('*/10 * * * * *');
    for (const wrong of ['61 * * * *', '0 0 30 2 *'])
      expect(problemsOf(withEnv({ LEDGER_TAIL_CRON: wrong }))).toEqual([
        expect.stringMatching(/^LEDGER_TAIL_CRON .* each of its fields must be one that comes: minute 0 to 59/),
      ]);
    for (const wrong of ['@daily', '* * * *', 'now']) {
      expect(problemsOf(withEnv({ LEDGER_TAIL_CRON: wrong }))).toEqual([
        `LEDGER_TAIL_CRON (environment) is "${wrong}"; it must have 5 or 6 cron fields, such as "* * * * *" for every minute.`,
      ]);
    }
  });

  it('are judged all at once', () => {
    const inputs = {
      env: { LEDGER_RATE_CALLS: 'ten', LEDGER_APIS: 'backlink', LOG_LEVEL: 'loud', LEDGER_CONFIG: 'my.yaml' },
      files: { 'my.yaml': 'http_port: 70000\nhttp_prot: 1\n' },
      flags: { lag: '1s' },
    };
    expect(problemsOf(inputs)).toEqual([
      'http_prot (my.yaml) is no setting; http_port is one.',
      expect.stringMatching(
        /^LEDGER_APIS \(environment\) is "backlink"; it must be one or more of serp, .*, separated by commas\.$/,
      ),
      'LEDGER_RATE_CALLS (environment) is "ten"; it must be a whole number from 1 to 10000.',
      '--lag is "1s"; it must be a duration from 2s to 1h, written like 60s, 10m or 1h.',
      'http_port (my.yaml) is 70000; it must be a whole number from 0 to 65535.',
      'LOG_LEVEL (environment) is "loud"; it must be one of trace, debug, info, warn, error, fatal, silent.',
      expect.stringContaining('DATAFORSEO_LOGIN is not set'),
      expect.stringContaining('DATAFORSEO_PASSWORD is not set'),
    ]);
  });

  it('refuse an unknown variable and name the nearest known one', () => {
    expect(problemsOf(withEnv({ LEDGER_RATE_CALL: '5', LEDGER_ZZZZZZZZZZ: '1' }))).toEqual([
      'LEDGER_RATE_CALL (environment) is no setting; LEDGER_RATE_CALLS is one.',
      'LEDGER_ZZZZZZZZZZ (environment) is no setting.',
    ]);
  });

  it('name the setting that ends with what was typed, and none for the beginning that all have', () => {
    const typed = { LEDGER_PORT: '1', LEDGER_DB: 'x', LEDGER_SETTEL: '1h', LEDGER_LOG_LEVEL: 'info', LEDGER_FILE: 'x' };
    expect(problemsOf(withEnv(typed))).toEqual([
      'LEDGER_PORT (environment) is no setting; LEDGER_HTTP_PORT is one.',
      'LEDGER_DB (environment) is no setting.',
      'LEDGER_SETTEL (environment) is no setting; LEDGER_SETTLE is one.',
      'LEDGER_LOG_LEVEL (environment) is no setting; LOG_LEVEL is one.',
      'LEDGER_FILE (environment) is no setting.',
    ]);
  });

  it('ignore what Kubernetes injects for a service named ledger', () => {
    const injected = {
      LEDGER_SERVICE_HOST: '10.0.0.1',
      LEDGER_SERVICE_PORT: '80',
      LEDGER_PORT: 'tcp://10.0.0.1:80',
      LEDGER_PORT_80_TCP_ADDR: '10.0.0.1',
    };
    expect(problemsOf(withEnv(injected))).toEqual([]);
    expect(problemsOf(withEnv({ LEDGER_PORT: '80' }))).toHaveLength(1);
  });

  it('allow no in-memory ledger', () => {
    expect(problemsOf(withEnv({ LEDGER_DATABASE: ':memory:' }))).toHaveLength(1);
  });
});

describe('the settings file', () => {
  it('may be empty', () => {
    expect(load(withFile('')).rateCalls).toBe(10);
  });

  it('is the generated default, and changes nothing then', () => {
    expect(load(withFile(readFileSync('config/default.yaml', 'utf8')))).toMatchObject({
      rateCalls: 10,
      apis: ['backlinks'],
    });
  });

  it('fits its own schema, as do all defaults', () => {
    expect(Object.keys(parse(readFileSync('config/default.yaml', 'utf8')) as object)).toEqual(
      Object.keys(settingsSchema.shape),
    );
  });

  it.each([...generatedFiles().keys()])('%s is current (else: npm run generate)', (path) => {
    expect(readFileSync(path, 'utf8')).toBe(generatedFiles().get(path));
  });

  it('says in one sentence that it cannot be read', () => {
    expect(problemsOf(withEnv({ LEDGER_CONFIG: 'gone.yaml' }))).toEqual([
      'LEDGER_CONFIG or --config names "gone.yaml", which cannot be read (ENOENT); it must be a file that this user may read.',
    ]);
  });

  it.each([
    ['lag: 3s\ndataforseo_password: "PASS\ntail_cron: 5\n', 2, 22, 'a quote is opened here and never closed'],
    ['dataforseo_password: PASS: 1', 1, 22, 'a value with a colon and a space in it needs quotes'],
    ['dataforseo_password: @PASS', 1, 22, 'a value that begins with %, @ or ` needs quotes'],
    ['dataforseo_password: *PASS', 1, 22, 'a value that begins with * needs quotes'],
    ['lag: 3s\ntail_cron: * * * * *', 2, 12, 'a value that begins with * or & needs quotes'],
    ['dataforseo_password: &PASS', 1, 27, 'a value that begins with & needs quotes'],
    ['dataforseo_password: !PASS more', 1, 22, 'a value that begins with ! needs quotes'],
    ['dataforseo_password: "PASS\\q"', 1, 27, 'between double quotes a backslash must stand twice'],
    ['dataforseo_password: "PASS" PASS', 1, 29, 'this does not belong behind what stands before it'],
    ['dataforseo_password: |PASS', 1, 23, 'this does not belong behind what stands before it'],
    ['lag: 3s\ndataforseo_password PASS', 2, 1, 'between a setting and its value stand a colon and a space'],
    ['dataforseo_password PASS\nlag: 3s', 1, 1, 'between a setting and its value stand a colon and a space'],
    ['dataforseo_password: PASS\n  lag: 3s', 1, 22, 'the line below this stands further in; each setting begins'],
    ['lag: 3s\n\tdataforseo_password: PASS', 2, 1, 'a tab stands there'],
    ['lag: 3s\napis: [PASS', 2, 12, 'what [ or { opens must be closed'],
    ['dataforseo_password: PASS\ndataforseo_password: PASS', 2, 1, 'this setting stands there a second time'],
    ['lag: 3s\n---\ndataforseo_password: PASS', 2, 1, 'a line of --- or ... ends the settings'],
    ['%PASS\nlag: 3s', 2, 1, 'a line that begins with % is no setting'],
  ])('says where %j is wrong and what to do, without a word of it', (text, line, column, what) => {
    expect(problemsOf(withFile(text))).toEqual([
      expect.stringContaining(`my.yaml, line ${line}, column ${column}: ${what}`),
    ]);
    expect(problemsOf(withFile(text)).join()).not.toContain('PASS');
  });

  it.each(['- lag', 'lag', '[1]'])('must be a mapping: %j is none', (text) => {
    expect(problemsOf(withFile(text))).toHaveLength(1);
  });

  it('suggests the whole name where the end of one was written', () => {
    expect(problemsOf(withFile('login: me\nurl: https://x'))).toEqual([
      'login (my.yaml) is no setting; dataforseo_login is one.',
      'url (my.yaml) is no setting; dataforseo_url is one.',
    ]);
  });

  it('cannot name another file', () => {
    expect(problemsOf(withFile('config: other.yaml'))).toHaveLength(1);
  });
});

describe('the budget', () => {
  it.each([
    ['11', '60s'],
    ['20', '120s'],
    ['2', '10s'],
    ['4', '25s'],
    ['10', '59999ms'],
  ])('of %s calls in %s is more than 10 a minute', (calls, period) => {
    const [problem] = problemsOf(withEnv({ LEDGER_RATE_CALLS: calls, LEDGER_RATE_PERIOD: period }));
    expect(problem).toContain(
      `LEDGER_RATE_CALLS (environment) is "${calls}" and LEDGER_RATE_PERIOD (environment) is "${period}"`,
    );
    expect(problem).toContain('it must be at most 10');
  });

  it.each([
    ['10', '60s'],
    ['5', '30s'],
    ['10', '1h'],
    ['1', '6s'],
  ])('of %s calls in %s is allowed', (calls, period) => {
    expect(problemsOf(withEnv({ LEDGER_RATE_CALLS: calls, LEDGER_RATE_PERIOD: period }))).toEqual([]);
  });

  it('may be larger on loopback only', () => {
    const fast = { LEDGER_RATE_CALLS: '10', LEDGER_RATE_PERIOD: '100ms' };
    for (const url of ['http://127.0.0.1:8088', 'http://localhost:8088', 'http://[::1]:8088', 'http://127.9.9.9']) {
      expect(problemsOf(withEnv({ ...fast, DATAFORSEO_URL: url }))).toEqual([]);
    }
    for (const url of ['https://127.0.0.1.example.com', 'https://localhost.example.com', 'https://10.0.0.1']) {
      expect(problemsOf(withEnv({ ...fast, DATAFORSEO_URL: url }))).toHaveLength(1);
    }
  });

  it('of a long period is refused with the reason', () => {
    const env = { LEDGER_RATE_CALLS: '2000', LEDGER_RATE_PERIOD: '1h' };
    expect(problemsOf(withEnv(env))).toEqual([
      expect.stringContaining('2000 calls into one minute (all of a period could fall into the same one)'),
    ]);
  });

  it('is judged beside an address that is wrong', () => {
    expect(problemsOf(withEnv({ LEDGER_RATE_CALLS: '100', DATAFORSEO_URL: 'api.dataforseo.com' }))).toEqual([
      expect.stringContaining('DATAFORSEO_URL'),
      expect.stringContaining('LEDGER_RATE_CALLS'),
    ]);
  });

  it('is not judged while a part of it is wrong', () => {
    expect(problemsOf(withEnv({ LEDGER_RATE_CALLS: '100', LEDGER_RATE_PERIOD: 'soon' }))).toHaveLength(1);
  });
});

describe('the address', () => {
  it('must be https, unless it is this machine', () => {
    expect(problemsOf(withEnv({ DATAFORSEO_URL: 'http://api.dataforseo.com' }))).toEqual([
      'DATAFORSEO_URL (environment) is "http://api.dataforseo.com"; it must begin with https://, because the password travels with every call (http:// is for loopback only).',
    ]);
  });

  it('holds no credentials, and does not show those it was given', () => {
    expect(problemsOf(withEnv({ DATAFORSEO_URL: 'https://me:hush@api.dataforseo.com' }))).toEqual([
      'DATAFORSEO_URL (environment) cannot be used; it must not hold a user name or a password.',
    ]);
  });

  it.each(['api.dataforseo.com', 'ftp://x', '', 'https://x/?a=1'])('cannot be %j', (url) => {
    expect(problemsOf(withFile(`dataforseo_url: "${url}"`))).toHaveLength(1);
  });

  it('loses the slash at its end', () => {
    expect(load(withEnv({ DATAFORSEO_URL: 'https://proxy.example.com/seo/' })).url).toBe(
      'https://proxy.example.com/seo',
    );
  });
});

describe('the token of the page', () => {
  const problem =
    'cannot be used; it must be one word of at least 12 printable ASCII characters, such as `openssl rand -hex 32` makes.';

  it('has 12 characters or more, wherever it comes from, and is not shown where it has fewer', () => {
    expect(load(withEnv({ LEDGER_HTTP_TOKEN: 'a-dozen-char' })).http.token?.reveal()).toBe('a-dozen-char');
    expect(problemsOf(withEnv({ LEDGER_HTTP_TOKEN: 'eleven-char' }))).toEqual([
      `LEDGER_HTTP_TOKEN (environment) ${problem}`,
    ]);
    expect(problemsOf({ ...withEnv({ LEDGER_HTTP_TOKEN_FILE: '/t' }), files: { '/t': 'eleven-char\n' } })).toEqual([
      `the content of LEDGER_HTTP_TOKEN_FILE (environment) ${problem}`,
    ]);
  });

  it.each(['two words of it', 'größer-als-zwölf'])('is one word of ASCII, so not %j', (token) => {
    expect(problemsOf(withEnv({ LEDGER_HTTP_TOKEN: token }))).toHaveLength(1);
  });
});

describe('credentials', () => {
  it('come from the environment, from files, from the settings file', () => {
    const env = { DATAFORSEO_LOGIN_FILE: '/l', DATAFORSEO_PASSWORD_FILE: '/p' };
    const secrets = { '/l': `${LOGIN}\n`, '/p': `${PASSWORD}\r\n` };
    for (const inputs of [
      {},
      { env, files: secrets },
      withFile(`dataforseo_login: ${LOGIN}\ndataforseo_password: ${JSON.stringify(PASSWORD)}`),
    ]) {
      const { credentials } = load(inputs);
      expect([credentials?.login, credentials?.password.reveal()]).toEqual([LOGIN, PASSWORD]);
    }
  });

  it('lose the line breaks at the end of a file, and no more', () => {
    const env = { DATAFORSEO_LOGIN: LOGIN, DATAFORSEO_PASSWORD_FILE: '/p' };
    for (const end of ['', '\n', '\n\n', '\r\n\r\n', '\r'])
      expect(load({ env, files: { '/p': ` x ${end}` } }).credentials?.password.reveal()).toBe(' x ');
    expect(problemsOf({ env, files: { '/p': 'a\nb\n' } })).toEqual([
      'the content of DATAFORSEO_PASSWORD_FILE (environment) cannot be used; it must be one line.',
    ]);
  });

  it('say of a file that it is empty or holds nothing but blanks, of the token too', () => {
    const env = { DATAFORSEO_LOGIN_FILE: '/l', DATAFORSEO_PASSWORD_FILE: '/p', LEDGER_HTTP_TOKEN_FILE: '/t' };
    expect(problemsOf({ env, files: { '/l': '', '/p': '\n', '/t': ' \r\n\n' } })).toEqual([
      'DATAFORSEO_LOGIN_FILE (environment) names "/l", which is empty; it must hold the secret.',
      'DATAFORSEO_PASSWORD_FILE (environment) names "/p", which is empty; it must hold the secret.',
      'LEDGER_HTTP_TOKEN_FILE (environment) names "/t", which holds nothing but blanks; it must hold the secret.',
    ]);
    expect(problemsOf({ env: { ...env, LEDGER_HTTP_TOKEN_FILE: '' }, files: { '/l': 'me', '/p': ' ' } })).toEqual([
      'DATAFORSEO_PASSWORD_FILE (environment) names "/p", which holds nothing but blanks; it must hold the secret.',
    ]);
  });

  it('are refused when given in both ways', () => {
    expect(problemsOf({ ...withEnv({ DATAFORSEO_PASSWORD_FILE: '/p' }), files: { '/p': 'x' } })).toEqual([
      'DATAFORSEO_PASSWORD (environment) and DATAFORSEO_PASSWORD_FILE (environment) are both set; set one of them.',
    ]);
  });

  it('in the environment go before those of the file, in whichever way they are given', () => {
    const files = { 'my.yaml': 'dataforseo_password: old', '/p': 'new' };
    const env = { DATAFORSEO_LOGIN: LOGIN, DATAFORSEO_PASSWORD_FILE: '/p', LEDGER_CONFIG: 'my.yaml' };
    expect(load({ env, files }).credentials?.password.reveal()).toBe('new');
  });

  it('say in one sentence which file cannot be read', () => {
    expect(problemsOf({ env: { DATAFORSEO_LOGIN: LOGIN, DATAFORSEO_PASSWORD_FILE: '/gone' } })).toEqual([
      'DATAFORSEO_PASSWORD_FILE (environment) names "/gone", which cannot be read (ENOENT); it must be a file that this user may read.',
    ]);
  });

  it('accept DATAFORSEO_USERNAME for the login, but not another one', () => {
    const env = { DATAFORSEO_USERNAME: LOGIN, DATAFORSEO_PASSWORD: PASSWORD };
    expect(load({ env }).credentials?.login).toBe(LOGIN);
    expect(load({ env: { ...env, DATAFORSEO_LOGIN: LOGIN } }).credentials?.login).toBe(LOGIN);
    expect(problemsOf({ env: { ...env, DATAFORSEO_LOGIN: 'other' } })).toEqual([
      'DATAFORSEO_LOGIN and DATAFORSEO_USERNAME (environment) are both set and differ; set one of them.',
    ]);
  });

  it('are missed by name, with a look at what was set instead', () => {
    expect(problemsOf({ env: { DATAFORSEO_LOGIN: LOGIN, DATAFORSEO_PASS: 'hush' } })).toEqual([
      'DATAFORSEO_PASSWORD is not set (DATAFORSEO_PASS is set, which is not read); it or DATAFORSEO_PASSWORD_FILE must give the password of the API account (not the one of the website).',
    ]);
  });

  it('are missed with a look at what was meant for them, not for the other', () => {
    expect(problemsOf({ env: { DATAFORSEO_LOGINN: LOGIN } })).toEqual([
      expect.stringContaining('DATAFORSEO_LOGIN is not set (DATAFORSEO_LOGINN is set'),
      expect.stringContaining('DATAFORSEO_PASSWORD is not set; it or'),
    ]);
    expect(problemsOf({ env: { DFS_SECRET: 'hush' } })).toEqual([
      expect.stringContaining('(DFS_SECRET is set'),
      expect.stringContaining('(DFS_SECRET is set'),
    ]);
  });

  it('are neither needed nor read by a command that makes no call', () => {
    expect(load({ env: { DATAFORSEO_PASSWORD_FILE: '/gone' } }, false).credentials).toBeNull();
  });

  it('with a colon in the login are refused without being shown', () => {
    expect(problemsOf({ env: { DATAFORSEO_LOGIN: 'a:b', DATAFORSEO_PASSWORD: PASSWORD } })).toEqual([
      'DATAFORSEO_LOGIN (environment) cannot be used; it must be one line without a colon.',
    ]);
  });
});

describe('secrets in a configuration', () => {
  const hook = 'https://hooks.example.com/services/T0/hush';
  const config = load(
    withEnv({ LEDGER_ALERT_URL: hook, LEDGER_HTTP_TOKEN: 'tok-en-of-2026', LEDGER_HEARTBEAT_URL: `${hook}/beat` }),
  );

  it('never show when it is printed', () => {
    const printed = [
      JSON.stringify(config),
      inspect(config, { depth: 9, showHidden: true }),
      String(config.credentials?.password),
    ];
    for (const secret of ['p4ss', 'hush', 'tok-en']) expect(printed.join('\n')).not.toContain(secret);
    expect(printed.join('\n')).toContain('[secret]');
  });

  it('are known to the scrubbers', () => {
    expect(secretsOf(config)).toEqual([
      'tok-en-of-2026',
      hook,
      `${hook}/beat`,
      `${LOGIN}:${PASSWORD}`,
      Buffer.from(`${LOGIN}:${PASSWORD}`).toString('base64'),
      PASSWORD,
    ]);
  });
});
