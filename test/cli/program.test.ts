import { Buffer } from 'node:buffer';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/program.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { DataForSeoError, LedgerError } from '../../src/domain/errors.ts';
import { ACCOUNT, cli, fakeApp, PLAN, PROGRESS, RESULT, SNAPSHOT } from './fakes.ts';

const RANGE = { since: '2026-11-01T00:00:00.000Z', until: '2026-11-02T00:00:00.000Z' };

const failing = (error: Error) => ({ app: { backfill: () => Promise.reject(error) } });

describe('the command line', () => {
  it('shows its version', async () => {
    expect(await cli(['--version'])).toMatchObject({ code: 0, stdout: '9.8.7\n', stderr: '' });
  });

  it('helps with every command, with examples as they can be typed', async () => {
    const { code, stdout } = await cli(['--help']);
    expect(code).toBe(0);
    // A long summary goes on on the next line.
    const text = stdout.replace(/\s+/g, ' ');
    for (const { usage, summary } of COMMANDS) expect(text).toContain(` ${usage} ${summary} `);
    for (const command of COMMANDS) {
      const help = await cli([command.name, '--help']);
      expect(help.code).toBe(0);
      expect(help.stdout).toContain(`Examples:\n  npx dataforseo-ledger ${command.name}`);
    }
  });

  it('shows every setting with its default in the help of a command that takes them, credentials never', async () => {
    const text = (await cli(['backfill', '--help'])).stdout.replace(/\s+/g, ' ');
    for (const { flag, env, meaning, ...setting } of SETTINGS) {
      if (flag === null) continue;
      expect(text).toContain(`${flag} <`);
      expect(text).toContain(`[${env}`);
      expect(text).toContain(meaning);
      if (setting.default !== null) expect(text).toContain(`(default: ${setting.default})`);
    }
    expect(text).not.toMatch(/--dataforseo-(login|password)/);
  });

  it.each([
    [['--no-such-flag']],
    [['plan', '--no-such-flag']],
    [['plan', 'too', 'many']],
    [['run', '--lag']],
    [['backfill', '--dataforseo-password', 'x']],
    [[]],
  ])('takes %j as wrong usage', async (argv) => {
    const { code, stdout, stderr } = await cli(argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toBe('');
  });

  it.each([
    [['report'], /missing required argument 'kind'\n.*\breport --help tells what it takes/],
    [['export', '--out', 'x'], /--format <format>' not specified\n.*\bexport --help tells what it takes/],
    [['nothing'], /unknown command 'nothing'\n.* --help tells what there is/],
  ])('says of %j where to read what is right', async (argv, words) => {
    expect((await cli(argv)).stderr).toMatch(words);
  });

  it('suggests the command that was meant', async () => {
    const { code, stderr } = await cli(['statsu']);
    expect(code).toBe(2);
    expect(stderr).toContain("unknown command 'statsu'");
    expect(stderr).toContain('status');
  });

  it('hands flags to the settings, before the environment', async () => {
    const env = { ...ACCOUNT, LEDGER_RATE_CALLS: '7', LEDGER_LAG: '9s' };
    const { config } = await cli(['backfill', '--rate-calls', '5', '--log-level=error'], { env });
    expect(config).toMatchObject({ rateCalls: 5, lagMs: 9_000, logLevel: 'error' });
  });

  it('lists all problems of the configuration at once, without a stack', async () => {
    const env = { LEDGER_RATE_CALL: '1', LEDGER_LAG: 'soon' };
    const { code, stdout, stderr } = await cli(['run', '--http-port', '-1'], { env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.split('\n')).toEqual([
      '5 settings need a correction:',
      '- LEDGER_RATE_CALL (environment) is no setting; LEDGER_RATE_CALLS is one.',
      expect.stringContaining('- LEDGER_LAG'),
      expect.stringContaining('- --http-port is "-1"'),
      expect.stringContaining('- DATAFORSEO_LOGIN is not set'),
      expect.stringContaining('- DATAFORSEO_PASSWORD is not set'),
      '',
    ]);
  });

  it.each([
    [new DataForSeoError('account_refused', 'DataForSEO says: payment required', { hint: 'Top up the account' }), 3],
    [new DataForSeoError('api_refused', 'no subscription', { hint: 'Top up the account' }), 3],
    [new DataForSeoError('unavailable', 'no answer', { hint: 'Top up the account' }), 1],
    [new LedgerError('not_a_ledger', 'data is a folder', { hint: 'Top up the account' }), 2],
    [new LedgerError('held', 'Process 12 on host a holds it.', { hint: 'Top up the account' }), 4],
    [new LedgerError('other_account', 'This ledger is of another login.', { hint: 'Top up the account' }), 2],
    [new LedgerError('newer_schema', 'It is newer.', { hint: 'Top up the account' }), 1],
    [new LedgerError('missing', 'No file.', { hint: 'Top up the account' }), 1],
  ])('ends with the code of %s', async (error, expected) => {
    const { code, stdout, stderr } = await cli(['backfill'], failing(error));
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toContain(error.message);
    expect(stderr).toContain('Top up the account.');
    expect(stderr).not.toContain('    at ');
  });

  it('names an address once, and leaves no blank before a full stop', async () => {
    const message = 'DataForSEO says: See your login details here: https://app.dataforseo.com/api-access .';
    const hint = 'Check the login against https://app.dataforseo.com/api-access: it is another one.';
    const { stderr } = await cli(['backfill'], failing(new DataForSeoError('account_refused', message, { hint })));
    expect(stderr).toBe(
      'DataForSEO says: See your login details here: https://app.dataforseo.com/api-access. Check the login against that page: it is another one.\n',
    );
  });

  it('ends an unexpected error with 1, its message and its cause', async () => {
    const error = new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND') });
    expect(await cli(['backfill'], failing(error))).toMatchObject({
      code: 1,
      stderr: 'TypeError: fetch failed. Cause: getaddrinfo ENOTFOUND.\n',
    });
  });

  it('shows the password nowhere, however an error quotes it', async () => {
    const password = ACCOUNT.DATAFORSEO_PASSWORD;
    const basic = Buffer.from(`${ACCOUNT.DATAFORSEO_LOGIN}:${password}`).toString('base64');
    const message = `${password} ${basic} ${encodeURIComponent(basic)}`;
    const { all, code } = await cli(['backfill'], {
      openApp: (config, log) => {
        log.error({ config, err: new Error(message) }, message);
        return fakeApp({ backfill: () => Promise.reject(new Error(message, { cause: new Error(`why ${message}`) })) });
      },
    });
    expect(code).toBe(1);
    expect(all).toContain('[secret]');
    for (const secret of [password, basic, encodeURIComponent(basic)]) expect(all).not.toContain(secret);
  });
});

describe('run', () => {
  it('ends with 0 when it was asked to stop', async () => {
    const controller = new AbortController();
    const running = cli(['run'], {
      signal: controller.signal,
      app: { run: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())) },
    });
    await sleep(5);
    controller.abort(new Error('stopped by SIGTERM'));
    expect(await running).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});

describe('backfill', () => {
  it('says what it harvested and how to see the proof', async () => {
    expect(await cli(['backfill'])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: [
        '60,000 new tasks (61,234 rows in 64 calls, 12 s).',
        'data/ledger.db now holds everything that was in the window.',
        'The proof of it: npx dataforseo-ledger report coverage',
        'To have it checked: npx dataforseo-ledger verify',
        '',
      ].join('\n'),
    });
  });

  it('says what it had to leave, and ends with 1', async () => {
    const left = ['backlinks, ids, 2026-11-01 to 2026-11-02: DataForSEO answered 50000'];
    const { code, stdout } = await cli(['backfill'], {
      app: { backfill: () => Promise.resolve({ ...RESULT, complete: false, left }) },
    });
    expect(code).toBe(1);
    expect(stdout).toContain(`- ${left[0] ?? ''}\n`);
    expect(stdout).toContain('The same command tries what is left once more.');
  });

  it.each(['rejects', 'resolves incomplete'])(
    'ends with 130 when it was interrupted and the harvest %s',
    async (how) => {
      const signal = AbortSignal.abort(new Error('stopped by SIGINT'));
      const backfill = () =>
        how === 'rejects'
          ? Promise.reject(signal.reason as Error)
          : Promise.resolve({ ...RESULT, complete: false, left: ['x'] });
      const { code, stdout, stderr } = await cli(['backfill'], { signal, app: { backfill } });
      expect([code, stdout]).toEqual([130, '']);
      expect(stderr).toBe(
        'Interrupted before it was done; nothing that was read is lost. The same command goes on where it was.\n',
      );
    },
  );

  it('logs where it is, the first and the last word and little in between', async () => {
    const { log, stderr } = await cli(['backfill'], {
      app: {
        backfill: (onProgress) => {
          for (let calls = 1; calls <= 500; calls += 1) onProgress({ ...PROGRESS, calls });
          return Promise.resolve(RESULT);
        },
      },
    });
    const lines = log
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((line) => [line['msg'], line['calls']])).toEqual([
      ['progress', 1],
      ['progress', 500],
    ]);
    expect(lines[0]).toMatchObject({ coveredPercent: 43, rows: 12_345, tokensInUse: 3, tokens: 10, etaSeconds: 125 });
    expect(stderr).toBe('');
  });

  it('on a terminal shows a bar, and only warnings above it', async () => {
    const { stderr } = await cli(['backfill'], {
      isTTY: true,
      openApp: (_config, log) =>
        fakeApp({
          backfill: (onProgress) => {
            onProgress(PROGRESS);
            log.info('a quiet word');
            log.warn({ ...RANGE, api: 'backlinks', walk: 3, error: 'no answer' }, 'a loud word');
            return Promise.resolve(RESULT);
          },
        }),
    });
    expect(stderr).toContain('43 % covered, 2 min 5 s left, 12,345 rows, 13 calls, budget 3/10 used');
    expect(stderr).toMatch(/\[=+-+\]/);
    expect(stderr).not.toContain('a quiet word');
    expect(stderr).toContain(
      '\r\u001b[KWarning: a loud word (backlinks, 2026-11-01 00:00:00 to 2026-11-02 00:00:00): no answer\n',
    );
    // No mode of the terminal is changed, so none can be left behind.
    for (const mode of ['[?', '7', '8']) expect(stderr).not.toContain(`\u001b${mode}`);
  });
});

describe('what is printed to be typed next', () => {
  it('repeats what tells the ledger from others, as flags, and no secret', async () => {
    const env = {
      ...ACCOUNT,
      LEDGER_DATABASE: 'data/other.db',
      LEDGER_APIS: 'backlinks',
      LEDGER_RATE_PERIOD: '1s',
      DATAFORSEO_URL: 'http://127.0.0.1:8088',
    };
    const { stdout } = await cli(['backfill', '--database', "it's.db"], { env });
    const hint = /To have it checked: npx dataforseo-ledger (.*)\n/.exec(stdout)?.[1];
    expect(hint).toBe("verify --dataforseo-url http://127.0.0.1:8088 --database 'it'\\''s.db' --rate-period 1s");
    const typed = [
      'verify',
      '--dataforseo-url',
      'http://127.0.0.1:8088',
      '--database',
      "it's.db",
      '--rate-period',
      '1s',
    ];
    expect((await cli(typed, { env: {} })).config).toMatchObject({ databasePath: "it's.db", ratePeriodMs: 1_000 });
  });

  it('does not repeat what a file beside it says, but which file', async () => {
    const { stdout } = await cli(['backfill', '--config', 'config/default.yaml'], { env: ACCOUNT });
    expect(stdout).toContain('npx dataforseo-ledger verify --config config/default.yaml\n');
  });
});

describe('the help', () => {
  it('is a command too', async () => {
    expect(await cli(['help'])).toMatchObject({ code: 0, stdout: (await cli(['--help'])).stdout });
    expect(await cli(['help', 'plan'])).toMatchObject({ code: 0, stdout: (await cli(['plan', '--help'])).stdout });
  });

  it('has its sections in the same order everywhere', async () => {
    for (const { name, settings } of COMMANDS) {
      const { stdout } = await cli([name, '--help']);
      const headings = [...stdout.matchAll(/^(Options|Settings|Examples):$/gm)].map(([, heading]) => heading);
      expect(headings, name).toEqual(['Options', ...(settings === 'none' ? [] : ['Settings']), 'Examples']);
    }
  });

  it('of a command that only looks lists what concerns it; the others are taken all the same', async () => {
    const { stdout } = await cli(['status', '--help']);
    expect(stdout).toContain('--database <path>');
    for (const other of ['--timeout', '--http-port', 'DATAFORSEO_PASSWORD']) expect(stdout).not.toContain(other);
    expect((await cli(['status', '--timeout', '5s'], { env: {} })).config).toMatchObject({ timeoutMs: 5_000 });
  });

  it.each([
    ['verify', ['--timeout', '--rate-calls', 'DATAFORSEO_PASSWORD'], ['--http-port', '--alert-url', '--tail-cron']],
    ['report', ['--timeout', '--dataforseo-url', 'DATAFORSEO_PASSWORD'], ['--http-port', '--alert-url', '--tail-cron']],
    ['doctor', ['--http-port', '--alert-url', 'DATAFORSEO_PASSWORD'], ['--settle', '--rate-calls', '--tail-cron']],
  ])('of %s lists what it uses', async (name, listed, others) => {
    const { stdout } = await cli([name, '--help']);
    for (const flag of listed) expect(stdout).toContain(flag);
    for (const flag of others) expect(stdout).not.toContain(flag);
  });

  it('fills the lines of the terminal, whatever its width, and gives each kind of report a line of its own', async () => {
    const lines = (await cli(['report', '--help'], { columns: 80 })).stdout.split('\n');
    const paragraph = lines.slice(lines.findIndex((line) => line.startsWith('Days are UTC')));
    const end = paragraph.indexOf('');
    for (const line of paragraph.slice(0, end - 1)) expect(line.length).toBeGreaterThan(60);
    for (const kind of ['costs', 'failures, unfinished', 'reconcile', 'coverage'])
      expect(lines.some((line) => line.startsWith(`- ${kind}: `))).toBe(true);
  });
});

describe('plan', () => {
  it('prints the plan as it is with --json', async () => {
    const { code, stdout } = await cli(['plan', '--json'], { env: {} });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(PLAN);
  });

  it('prints calls, time and what expires', async () => {
    const [slice] = PLAN.slices;
    const { stdout } = await cli(['plan'], {
      env: {},
      app: { plan: () => ({ ...PLAN, willExpire: [{ ...slice!, reason: 'too much' }] }) },
    });
    expect(stdout.split('\n')).toEqual([
      '24 calls, about 2 min 24 s.',
      '',
      'api        grade     since (UTC)          until                calls  expires from',
      'backlinks  metadata  2026-10-23 00:00:00  2026-11-23 00:00:00     24  2026-11-23 00:01:00',
      '',
      'Will leave the window before it can be read, also if that begins now:',
      '- backlinks, metadata: 2026-10-23 00:00:00 to 2026-11-23 00:00:00, from 2026-11-23 00:01:00 on: too much',
      '',
    ]);
  });

  it('admits what it cannot know on a first start', async () => {
    const slices = PLAN.slices.map((slice) => ({ ...slice, calls: null }));
    const { stdout } = await cli(['plan'], {
      env: {},
      app: { plan: () => ({ ...PLAN, exact: false, calls: 2, slices }) },
    });
    expect(stdout).toContain(
      'At least 2 calls, at least 2 min 24 s; how many tasks there are shows with the first pages.',
    );
    expect(stdout).toContain('not known yet, and so neither whether all of it is read before it expires');
  });

  it('says so when there is nothing to do', async () => {
    const empty = { exact: true, calls: 0, etaSeconds: 0, slices: [], willExpire: [] };
    const { stdout } = await cli(['plan'], { env: {}, app: { plan: () => empty } });
    expect(stdout).toBe('Nothing to read: everything in the window is covered.\n');
  });
});

describe('status', () => {
  it('prints the snapshot to the letter with --json, without credentials', async () => {
    const { code, stdout, config } = await cli(['status', '--json'], { env: {} });
    expect([code, JSON.parse(stdout)]).toEqual([0, SNAPSHOT]);
    expect(config?.credentials).toBeNull();
  });

  it('tells people everything that the snapshot holds', async () => {
    const { stdout } = await cli(['status'], { env: {} });
    expect(stdout.split('\n')).toEqual([
      'State     waiting until 2026-11-23 12:01:00: the budget is spent',
      'Tasks     1,234,567, 200,000 with metadata, 12 unfinished',
      'Coverage  backlinks: INCOMPLETE, 1 gap, from 2026-05-23 12:00:00 to 2026-11-23 11:57:00; 1 stretch not settled yet',
      '          - gap: metadata of 2026-11-01 00:00:00 to 2026-11-02 00:00:00, expires from 2026-12-01 00:00:00 on',
      '          - lost: ids of 2026-11-01 00:00:00 to 2026-11-02 00:00:00, left the window unread (2026-11-03 00:00:00)',
      'Coverage  serp: nothing read yet',
      'Tail      backlinks read up to 2026-11-23 11:59:30; no task yet',
      'Doubts    2 (see report doubts)',
      'Budget    10 of 10 calls in any 1 min in use, at most 10 in the last day; 599 in the last hour',
      'Backlog   43 % of the window is read; 120 calls left, about 12 min',
      '          - lost second by second, unless the wait is over before, from 2026-11-24 00:00:00 on: backlinks, metadata of 2026-11-01 00:00:00 to 2026-11-02 00:00:00: more must be read than the budget allows',
      'Failure   2026-11-23 11:00:00 50000: internal error',
      'Ledger    data/ledger.db, 1.5 MB + 4.1 kB WAL, schema 3',
      'Disk      9.0 GB free; how fast the ledger grows shows once all is read',
      'As of     2026-11-23 12:00:00 UTC, as all times here; version 0.1.0',
      '',
    ]);
  });

  it('tells a reason once, where what will be lost has the same', async () => {
    const reason = 'DataForSEO refuses the account (40200): Payment Required.';
    const backlog = { ...SNAPSHOT.backlog, willExpire: [{ ...SNAPSHOT.backlog.willExpire[0]!, reason }] };
    const parked = { ...SNAPSHOT, state: 'parked' as const, reason, backlog, lastFailure: null };
    const { stdout } = await cli(['status'], { env: {}, app: { status: () => parked } });
    expect(stdout).toContain(`State     parked until 2026-11-23 12:01:00: ${reason}\n`);
    expect(stdout.split(reason)).toHaveLength(2);
    expect(stdout).toContain('2026-11-02 00:00:00\nFailure');
  });

  it('calls what came since the last reading no backlog, and promises nothing for a daemon that does not run', async () => {
    const backlog = { coveredShare: 0.99999, calls: 1, etaSeconds: 6, exact: true, willExpire: [] };
    const line = async (over: Partial<typeof SNAPSHOT>) => {
      const { stdout } = await cli(['status'], { env: {}, app: { status: () => ({ ...SNAPSHOT, backlog, ...over }) } });
      return /^Backlog +(.*)$/m.exec(stdout)?.[1];
    };
    const read = { backlinks: { ...SNAPSHOT.coverage['backlinks']!, complete: true } };
    expect(await line({ state: 'idle', coverage: read })).toBe('none but what came since the last reading');
    const { stdout } = await cli(['status'], { env: {}, app: { status: () => ({ ...SNAPSHOT, coverage: read }) } });
    expect(stdout).toContain('Disk      9.0 GB free, the ledger grows by 2.0 MB a day: lasts more than ten years\n');
    const left = '99 % of the window is read; 1 call left, about 6 s';
    expect(await line({ state: 'harvesting' })).toBe(`${left}; all of it is read before it expires`);
    for (const state of ['stopped', 'parked', 'waiting'] as const) expect(await line({ state })).toBe(left);
  });

  it('says of calls to a simulator of another budget that they are none of this one', async () => {
    const budget = { ...SNAPSHOT.budget, inUse: 0, maxInAnyPeriod: 0, lastHour: 63 };
    const { stdout } = await cli(['status'], { env: {}, app: { status: () => ({ ...SNAPSHOT, budget }) } });
    expect(stdout).toContain(
      'Budget    0 of 10 calls in any 1 min in use; the 63 calls of the last hour had a budget of a shorter period\n',
    );
  });

  it('calls complete what lacks only the time since the last reading, and says how much that is', async () => {
    const until = '2026-11-23T11:47:30Z';
    const newest = { since: until, until: '2026-11-23T11:59:30Z', grade: 'metadata', expiresAt: until } as const;
    const coverage = { ...SNAPSHOT.coverage['backlinks']!, until, losses: [], unsettled: [] };
    const told = async (gaps: (typeof coverage)['gaps']) =>
      (
        await cli(['status'], {
          app: { status: () => ({ ...SNAPSHOT, coverage: { backlinks: { ...coverage, gaps } } }) },
        })
      ).stdout;
    expect(await told([newest])).toContain(
      'backlinks: complete from 2026-05-23 12:00:00 up to 2026-11-23 11:47:30; the 12 min since then are not read yet\n',
    );
    expect(await told([newest])).toContain('- next to read: metadata of 2026-11-23 11:47:30');
    expect(await told([...coverage.gaps, newest])).toContain('backlinks: INCOMPLETE, 2 gaps, from');
  });

  it('says of a ledger that nobody works on what is lost unless somebody does', async () => {
    const { stdout } = await cli(['status'], { app: { status: () => ({ ...SNAPSHOT, state: 'stopped' }) } });
    expect(stdout).toContain(
      '- lost second by second, unless it is read before, from 2026-11-24 00:00:00 on: backlinks, metadata of',
    );
    expect(stdout).not.toContain('will be lost');
  });

  it('writes every time in one form, and says what has never been in words', async () => {
    const { stdout } = await cli(['status'], {
      app: {
        status: () => ({
          ...SNAPSHOT,
          state: 'stopped',
          reason: 'no process works on this ledger since 2026-11-23T10:00:00.123Z',
          until: null,
          tail: { backlinks: { readUpTo: null, readAt: null, newestTask: null, behindSeconds: null } },
        }),
      },
    });
    expect(stdout).toContain('since 2026-11-23 10:00:00\n');
    expect(stdout).not.toMatch(/(task|up to) never/);
  });
});
