// Takes the pictures in docs/screenshots: a simulated account, half way through its backfill. Needs Debian's Chromium and a build.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulator } from '../src/simulator/simulator.ts';
import { systemClock } from '../src/time.ts';
import { openBrowser } from '../test/support/browser.ts';

const FOLDER = 'docs/screenshots';
/** So far the backfill has come by then, and no machine takes longer. */
const TASKS_FIRST = 70_000;
const PATIENCE_MS = 120_000;

const SHOTS = [
  { name: 'status-light', path: '/', width: 1180, height: 1180, scheme: 'light' },
  { name: 'status-dark', path: '/', width: 1180, height: 1180, scheme: 'dark' },
  { name: 'status-phone', path: '/', width: 390, height: 1180, scheme: 'light' },
  { name: 'tasks-light', path: '/tasks?state=failed', width: 1180, height: 760, scheme: 'light' },
  { name: 'tasks-phone', path: '/tasks?state=failed', width: 390, height: 1180, scheme: 'dark' },
  { name: 'task-dark', path: '/tasks', width: 1180, height: 760, scheme: 'dark' },
  { name: 'reports-light', path: '/reports?report=costs&by=month,tag', width: 1180, height: 760, scheme: 'light' },
  { name: 'reports-dark', path: '/reports?report=duplicates', width: 1180, height: 760, scheme: 'dark' },
  { name: 'reports-phone', path: '/reports?report=costs&by=endpoint', width: 390, height: 1180, scheme: 'light' },
] as const;
/** All, or those whose names are given. */
const WANTED = SHOTS.filter(({ name }) => process.argv.length < 3 || process.argv.includes(name));

const folder = mkdtempSync(join(tmpdir(), 'screenshots-'));
const simulator = await startSimulator({ clock: systemClock(), tasks: 120_000, rate: { calls: 10, periodMs: 1_500 } });
const daemon = spawn(process.execPath, ['dist/main.js', 'run'], {
  env: {
    PATH: process.env['PATH'],
    DATAFORSEO_URL: simulator.url,
    DATAFORSEO_LOGIN: simulator.options.login,
    DATAFORSEO_PASSWORD: simulator.options.password,
    LEDGER_DATABASE: join(folder, 'ledger.db'),
    LEDGER_RATE_PERIOD: '1500ms',
    LEDGER_LAG: '2s',
    LEDGER_HTTP_PORT: '0',
  },
  stdio: ['ignore', 'ignore', 'pipe'],
});
const ended = once(daemon, 'close');
try {
  const url = await addressOf();
  await untilRead(url);
  // From here on nothing moves: the pictures are of one moment.
  simulator.set({ faults: [{ fault: 'hang' }] });
  await takeAll(url);
} finally {
  daemon.kill('SIGTERM');
  await ended;
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
}

async function addressOf(): Promise<string> {
  let text = '';
  for await (const chunk of daemon.stderr) {
    text += String(chunk);
    const url = /"url":"(http:[^"]+)"/.exec(text)?.[1];
    if (url !== undefined) {
      daemon.stderr.resume();
      return url;
    }
  }
  throw new Error(`The daemon has ended without a page: ${text}`);
}

async function untilRead(url: string): Promise<void> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until;) {
    const answer = await fetch(`${url}/api/status`).catch(() => null);
    const status = answer?.ok === true ? ((await answer.json()) as { tasks: { total: number } }) : null;
    if ((status?.tasks.total ?? 0) >= TASKS_FIRST) return;
    await sleep(200);
  }
  throw new Error('The backfill does not get on.');
}

async function takeAll(url: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const browsing = await openBrowser();
  try {
    const page = await browsing.context.newPage();
    for (const { name, path, width, height, scheme } of WANTED) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await page.goto(`${url}${path}`);
      await page.locator(readyWhen(path)).first().waitFor();
      if (name === 'task-dark') {
        await page.locator('#rows tr').first().click();
        await page.locator('#task-body .tree').waitFor();
      }
      if (path === '/')
        await page
          .locator('.strip-bar')
          .first()
          .hover({ position: { x: width * 0.8, y: 10 } });
      await sleep(700);
      await page.screenshot({ path: join(FOLDER, `${name}.png`) });
    }
  } finally {
    await browsing.close();
  }
}

/** What is there once the page has its answers. */
function readyWhen(path: string): string {
  if (path.startsWith('/reports')) return '#report tbody tr';
  return path === '/' ? '#by-tag table' : '#rows tr';
}
