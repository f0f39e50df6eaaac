import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pagePortBeside } from '../../src/cli/simulate.ts';
import { MAIN } from '../support/process.ts';
import { cli } from './fakes.ts';

const HOUR_MS = 3_600_000;

function wire(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} +00:00`;
}

/** Starts `simulate`, waits for its greeting, lets `use` work with it, stops it. */
async function simulate(argv: readonly string[], use: (greeting: string, url: string) => Promise<void>) {
  const controller = new AbortController();
  const greeted = Promise.withResolvers<string>();
  const running = cli(['simulate', '--port', '0', ...argv], {
    env: {},
    signal: controller.signal,
    onStdout: (text) => greeted.resolve(text),
  });
  // A start that fails never greets.
  const greeting = await Promise.race([greeted.promise, running.then(({ stderr }) => stderr)]);
  await use(greeting, /http:\/\/127\.0\.0\.1:\d+/.exec(greeting)?.[0] ?? '');
  controller.abort(new Error('stopped by SIGINT'));
  return running;
}

async function call(url: string, password: string): Promise<unknown> {
  const now = Date.now();
  const body = [{ datetime_from: wire(now - 24 * HOUR_MS), datetime_to: wire(now - HOUR_MS) }];
  const headers = {
    Authorization: `Basic ${Buffer.from(`simulated:${password}`).toString('base64')}`,
    'Content-Type': 'application/json',
  };
  const response = await fetch(`${url}/v3/backlinks/id_list`, { method: 'POST', headers, body: JSON.stringify(body) });
  return response.json();
}

describe('simulate', () => {
  it('serves the endpoint, tells what to type, and says at its end what it has seen', async () => {
    const argv = ['--tasks', '500', '--rate-period', '90s', '--password', "it's"];
    const { code, stdout } = await simulate(argv, async (greeting, url) => {
      expect(greeting).toContain('500 tasks of backlinks');
      const start = /-(\d{10})\.db/.exec(greeting)?.[1] ?? '?';
      const lines = greeting.split('\n').filter((line) => line.startsWith('  '));
      expect(lines.map((line) => line.trim())).toEqual([
        `export DATAFORSEO_URL=${url}`,
        'export DATAFORSEO_LOGIN=simulated',
        "export DATAFORSEO_PASSWORD='it'\\''s'",
        'export LEDGER_APIS=backlinks',
        `export LEDGER_DATABASE=data/simulated-${new URL(url).port}-1-500-${start}.db`,
        'export LEDGER_RATE_CALLS=10',
        'export LEDGER_RATE_PERIOD=90s',
        'export LEDGER_HTTP_PORT=8080',
        ...['backfill', 'run', 'status', 'report costs --by month'].map(
          (command) => `npx dataforseo-ledger ${command}`,
        ),
      ]);
      expect(greeting).toContain('The page is at http://127.0.0.1:8080 while run goes on.');
      const exported = lines.filter((line) => line.startsWith('  export ')).length;
      const inWords = ['six', 'seven', 'eight', 'nine'][exported - 6];
      expect(readFileSync('README.md', 'utf8')).toContain(`It prints ${inWords} lines that begin with \`export\``);
      expect(await call(url, "it's")).toMatchObject({ status_code: 20000 });
      expect(await call(url, 'wrong')).toMatchObject({ status_code: 40100 });
    });
    expect(code).toBe(0);
    await expect(fetch(/http:[^ ]+/.exec(stdout)?.[0] ?? '')).rejects.toThrow('fetch failed');
    expect(stdout).toContain('2 calls, 0 of them refused by the budget; at most 2 in any 1 min 30 s.\n');
    expect(stdout).toContain('20000 × 1');
    expect(stdout).toContain('40100 × 1');
  });

  it('has the page at the standard port, and at the next one where it has that itself', () => {
    expect([pagePortBeside(35_999), pagePortBeside(8080), pagePortBeside(8081)]).toEqual([8080, 8081, 8080]);
  });

  it('tells what a shell takes as it is, and what the other commands then need no more for', async () => {
    await simulate(
      ['--tasks', '200', '--rate-period', '1s', '--options', '{"apis":["serp","on_page"]}'],
      async (greeting) => {
        const folder = mkdtempSync(join(tmpdir(), 'ledger-simulate-'));
        onTestFinished(() => rmSync(folder, { recursive: true }));
        const exported = greeting.split('\n').filter((line) => line.startsWith('  export '));
        const program = ['backfill', 'status'].map((command) => `'${process.execPath}' '${MAIN}' ${command}`);
        const child = spawn('sh', ['-ec', [...exported, ...program].join('\n')], {
          cwd: folder,
          env: {},
          stdio: 'pipe',
        });
        let said = '';
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
        await once(child, 'close');
        expect(said).toContain('now holds everything that was in the window');
        expect(said).toMatch(/Coverage +serp: .*[^]* on_page: /);
      },
    );
  });

  it('has a password of its own that scrubbing takes out of no path and no sentence', async () => {
    await simulate([], async (greeting) => {
      const settings = [...greeting.matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]);
      const env = Object.fromEntries(settings) as Record<string, string>;
      expect(env).toMatchObject({ DATAFORSEO_LOGIN: 'simulated', DATAFORSEO_PASSWORD: 'not-a-secret' });
      const words = `${greeting.replaceAll('not-a-secret', '')} password simulated simulator`;
      const failing = { backfill: () => Promise.reject(new Error(words.replaceAll('\n', ' '))) };
      expect((await cli(['backfill'], { env, app: failing })).stderr).not.toContain('[secret]');
    });
  });

  it('merges what goes through --options with the other flags', async () => {
    const argv = ['--filter', 'done', '--options', '{"listing":{"ties":"reshuffled"}}'];
    await simulate(argv, async (_greeting, url) => {
      const options: unknown = await (await fetch(`${url}/_simulator/options`)).json();
      expect(options).toMatchObject({ listing: { filter: 'done', sort: 'posted', ties: 'reshuffled' } });
    });
  });

  it.each([
    [['--tasks', 'many', '--latency', 'slow'], '- --tasks is "many"; it must be a whole number'],
    [['--options', 'no json'], '--options is "no json"; it must be a JSON object.'],
    [['--options', '["late"]'], `--options is '["late"]'; it must be a JSON object.`],
    [['--options', '{"unknown":1}'], 'unknown'],
    [['--arrivals', 'odd'], '--arrivals is "odd"; it must be one of uniform,'],
  ])('takes %j as wrong usage', async (argv, told) => {
    const { code, stdout, stderr } = await cli(['simulate', ...argv], { env: {} });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(told);
  });

  it('says that its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      const { code, stderr } = await cli(['simulate', '--port', String(port)], { env: {} });
      expect(code).toBe(1);
      expect(stderr).toContain(`Port ${port} of 127.0.0.1 is taken; choose another one with --port`);
    } finally {
      other.close();
    }
  });
});
