import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';

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
  const child = spawn(process.execPath, [...before, 'src/main.ts', ...argv], {
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

  it('exits at once on the second signal', async () => {
    // Something that never ends: as a call that hangs.
    const { child, said, ended } = start(['simulate', '--port', '0'], {}, 'setInterval(() => {}, 1000)');
    await said('Ctrl-C stops it.');
    child.kill('SIGINT');
    await said('Answers by code');
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
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
