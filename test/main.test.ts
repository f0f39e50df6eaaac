import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '../src/simulator/simulator.ts';
import { systemClock } from '../src/time.ts';
import { MAIN } from './support/process.ts';

const tooSoon = ({ stderr }: { readonly stderr: string }) => {
  throw new Error(`It ended too soon: ${stderr}`);
};

const running: ChildProcess[] = [];
afterEach(() => running.splice(0).forEach((child) => child.kill('SIGKILL')));

type Started = {
  readonly child: ChildProcess;
  /** Resolves once standard output has said this. */
  readonly said: (text: string) => Promise<string>;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
};

/** A real process, with nothing in its environment that it was not given. @param preload - A module that runs before it. */
function start(argv: readonly string[], env: Record<string, string> = {}, preload = ''): Started {
  const before = preload === '' ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
  const child = spawn(process.execPath, [...before, MAIN, ...argv], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const written = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (written.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (written.stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...written }));
  const said = async (text: string) => {
    while (!written.stdout.includes(text)) await Promise.race([once(child.stdout, 'data'), ended.then(fail)]);
    return written.stdout;
  };
  const fail = () => {
    throw new Error(`It ended without saying ${text}: ${written.stderr}`);
  };
  const text = argv.join(' ');
  return { child, said, ended };
}

describe('the program', () => {
  it('shows its version and ends', async () => {
    expect(await start(['--version']).ended).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
      stderr: '',
    });
  });

  it('ends with 2 when it is used wrongly, and answers nothing', async () => {
    const { code, stdout, stderr } = await start(['backfil']).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('backfill');
  });

  it('ends with 2 when the settings are wrong, with all problems and without a stack', async () => {
    const { code, stdout, stderr } = await start(['backfill'], { LEDGER_LAG: 'soon', LEDGER_LGA: '1s' }).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('4 settings need a correction:');
    expect(stderr).not.toContain('    at ');
  });

  it('refuses an old Node before it loads anything, and says what to do', async () => {
    const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.1' } })`;
    const { code, stdout, stderr } = await start(['--version'], {}, old).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^dataforseo-ledger needs Node 24 or later, this is 20\.19\.1: .*\n$/);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('stops in good order on %s', async (signal) => {
    const { child, said, ended } = start(['simulate', '--port', '0', '--tasks', '10']);
    await said('Ctrl-C stops it.');
    child.kill(signal);
    expect(await ended).toMatchObject({ code: 0, stdout: expect.stringContaining('0 calls') as string, stderr: '' });
  });

  it('exits at once on a second signal that is meant', async () => {
    // Something that never ends: as a call that hangs.
    const { child, said, ended } = start(['simulate', '--port', '0'], {}, 'setInterval(() => {}, 1000)');
    await said('Ctrl-C stops it.');
    child.kill('SIGINT');
    await said('Answers by code');
    const askedAt = performance.now();
    while (child.exitCode === null) {
      child.kill('SIGINT');
      await Promise.race([sleep(100), ended]);
    }
    expect((await ended).code).toBe(130);
    expect(performance.now() - askedAt).toBeLessThan(5_000);
  });

  it.each([
    ['at once', 0],
    ['to a loop that stands still', 700],
  ])('takes a Ctrl-C that comes twice for one, %s: npm hands it on', async (_, blockedMs) => {
    // Once all have heard the first; and it has not ended before it hears the second.
    const twice = `process.once('SIGINT', () => setImmediate(() => {
      setTimeout(() => undefined, 200);
      process.kill(process.pid, 'SIGINT');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${blockedMs});
    }));
    let heard = 0;
    process.on('SIGINT', () => { heard += 1; });
    process.on('exit', () => process.stdout.write(heard + ' heard'));`;
    const { child, said, ended } = start(['simulate', '--port', '0', '--tasks', '10'], {}, twice);
    await said('Ctrl-C stops it.');
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 0, stdout: expect.stringContaining('2 heard') as string, stderr: '' });
  });

  it.each(['throw new Error("b\\noom")', 'Promise.reject(new Error("b\\noom"))'])(
    'has one line and no stack for a bug: %s',
    async (bug) => {
      const { code, stderr } = await start(['simulate', '--port', '0'], {}, `setTimeout(() => { ${bug} }, 600)`).ended;
      expect(code).toBe(1);
      expect(stderr).toBe('dataforseo-ledger stops because of an error it did not expect: Error: b oom\n');
    },
  );

  it('does not mind that nobody reads its answer', async () => {
    const { child, ended } = start(['--help']);
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('the program with an account', () => {
  const LOGIN = 'me@example.com';
  const PASSWORD = 'p4ss "w\\rd/+=';
  const BASIC = Buffer.from(`${LOGIN}:${PASSWORD}`).toString('base64');
  let simulator: Simulator;
  let folder: string;

  beforeAll(async () => {
    simulator = await startSimulator({
      clock: systemClock(),
      tasks: 6_000,
      login: LOGIN,
      password: PASSWORD,
      rate: { calls: 10, periodMs: 300 },
    });
  });
  afterAll(() => simulator.close());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'main-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    simulator.set({ faults: [] });
  });

  const account = (): Record<string, string> => ({
    DATAFORSEO_URL: simulator.url,
    DATAFORSEO_LOGIN: LOGIN,
    DATAFORSEO_PASSWORD: PASSWORD,
    LEDGER_RATE_PERIOD: '300ms',
    LEDGER_DATABASE: join(folder, 'ledger.db'),
    LEDGER_HTTP_PORT: '0',
    LOG_LEVEL: 'trace',
  });
  const totalOf = async () => {
    const { stdout } = await start(['status', '--json'], { LEDGER_DATABASE: join(folder, 'ledger.db') }).ended;
    return (JSON.parse(stdout) as { tasks: { total: number } }).tasks.total;
  };
  const secretsIn = ({ stdout, stderr }: { stdout: string; stderr: string }) =>
    [PASSWORD, JSON.stringify(PASSWORD).slice(1, -1), BASIC, encodeURIComponent(BASIC), 'p4ss'].filter((secret) =>
      `${stdout}${stderr}`.includes(secret),
    );

  it('reads everything, shows no secret at any level, and can tell of it without credentials', async () => {
    const ended = await start(['backfill'], account()).ended;
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining('6,000 new tasks') as string });
    expect(secretsIn(ended)).toEqual([]);
    expect(await totalOf()).toBe(6_000);
  });

  it('ends with 130 on Ctrl-C and goes on where it was', async () => {
    // From the fifth call on there is no answer: it cannot have ended before it is interrupted.
    simulator.set({ faults: [{ fault: 'slow', ms: 0, times: 4 }, { fault: 'hang' }] });
    const before = simulator.stats().calls;
    const { child, ended } = start(['backfill'], account());
    while (simulator.stats().calls < before + 5) await Promise.race([sleep(10), ended.then(tooSoon)]);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    simulator.set({ faults: [] });
    expect([code, stdout]).toEqual([130, '']);
    expect(stderr).toContain('nothing that was read is lost. The same command goes on where it was.\n');
    expect(await totalOf()).toBeGreaterThan(0);
    expect((await start(['backfill'], account()).ended).code).toBe(0);
    expect(await totalOf()).toBe(6_000);
  });

  it('ends with 3 when DataForSEO refuses, and shows not even the wrong password', async () => {
    const ended = await start(['backfill'], { ...account(), DATAFORSEO_PASSWORD: 'p4ss-wrong' }).ended;
    expect([ended.code, ended.stdout]).toEqual([3, '']);
    expect(secretsIn(ended)).toEqual([]);
  });

  it('lets the right login have a ledger that a mistyped one was the first to open', async () => {
    expect((await start(['backfill'], { ...account(), DATAFORSEO_LOGIN: 'mistyped' }).ended).code).toBe(3);
    expect((await start(['backfill'], account()).ended).code).toBe(0);
    const other = await start(['backfill'], { ...account(), DATAFORSEO_LOGIN: 'someone.else' }).ended;
    expect([other.code, other.stdout]).toEqual([2, '']);
  });

  it('ends with 4 while another process holds the ledger, and the daemon with 0', async () => {
    const daemon = start(['run'], account());
    await once(daemon.child.stderr!, 'data');
    while ((await start(['status'], { LEDGER_DATABASE: join(folder, 'ledger.db') }).ended).code !== 0);
    const second = await start(['backfill'], account()).ended;
    expect([second.code, second.stdout]).toEqual([4, '']);
    expect(second.stderr).toContain(String(daemon.child.pid));
    const another = await start(['run'], account()).ended;
    // Not a word of the port, which is the first one's.
    expect([another.code, another.stderr]).toEqual([4, second.stderr]);
    daemon.child.kill('SIGTERM');
    const first = await daemon.ended;
    expect([first.code, first.stdout]).toEqual([0, '']);
    expect(secretsIn(first)).toEqual([]);
  });

  it('shows no secret in its last words', async () => {
    const bug = `process.on('SIGUSR2', () => { throw new Error(process.env.DATAFORSEO_PASSWORD + ' ${BASIC}'); })`;
    const daemon = start(['run'], account(), bug);
    await once(daemon.child.stderr!, 'data');
    daemon.child.kill('SIGUSR2');
    const ended = await daemon.ended;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('did not expect: Error: [secret] [secret]');
    expect(secretsIn(ended)).toEqual([]);
  });

  it('plays the demo without any account', async () => {
    const { code, stdout } = await start(['demo', '--tasks', '3000'], { TMPDIR: folder }).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('yes  the server has 3,000 tasks, the ledger has 3,000');
    expect(stdout).toContain(folder);
  });
});
