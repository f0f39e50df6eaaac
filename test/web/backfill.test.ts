/// <reference lib="dom" />
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openBench } from '../support/bench.ts';
import { hasChromium, openBrowser } from '../support/browser.ts';
import { startProcess } from '../support/process.ts';

const TOKEN = 'open-sesame-2026';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No port is free.');
  return address.port;
}

/** The daemon itself, in the middle of a million tasks, and its page in a browser. @returns The page's address. */
async function openRunning() {
  const port = await freePort();
  // Slow enough that the backfill outlasts the test.
  const bench = await openBench(
    { tasks: 1_000_000, newestAgoMs: 60_000, rate: { periodMs: 4_000 } },
    { LEDGER_HTTP_PORT: String(port), LEDGER_HTTP_TOKEN: TOKEN },
  );
  const begun = new Promise<void>((resolve) => {
    bench.onCall(() => {
      if (bench.simulator.stats().calls >= 4) resolve();
    });
  });
  startProcess(bench, ['run']);
  await begun;
  const browsing = await openBrowser();
  onTestFinished(browsing.close);
  return { bench, browsing, address: `127.0.0.1:${port}` };
}

describe.skipIf(!hasChromium)('while a million tasks are being read', () => {
  it('strip, charts, explorer, filter and CSV answer who has the token, and grow by themselves', async () => {
    const { bench, browsing, address } = await openRunning();
    const page = await browsing.context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.setDefaultTimeout(20_000);
    const says = (selector: string, text: string | RegExp) =>
      page.locator(selector).filter({ hasText: text }).first().waitFor();

    expect((await page.request.get(`http://${address}/`)).status()).toBe(401);
    await page.goto(`http://me:${TOKEN}@${address}/`);
    await says('#state-name', 'Harvesting');
    await says('#live', 'Live');
    await says('#backlog-lead', /\d % of the window is read/);
    await says('#budget-lead', 'calls in the last hour');
    const tasks = async () => Number((await page.locator('#figure-tasks').textContent())?.replace(/\D/g, ''));
    const before = await tasks();
    await page.waitForFunction(
      (count) => Number(document.querySelector('#figure-tasks')?.textContent.replace(/\D/g, '')) > count,
      before,
    );

    await page.getByRole('slider', { name: 'Coverage of backlinks: choose a moment' }).focus();
    for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowLeft');
    await says('.strip-told', / UTC · .*calls?\b/);
    await page.getByRole('button', { name: '6 months' }).click();
    await page.locator('#days-tasks canvas').waitFor();

    await page.goto(`http://${address}/tasks`);
    await says('#found-title', 'The newest 100 tasks');
    await says('#careful', 'Careful: the ledger lacks some or all of this time');
    const [some] = bench.rows('select id, target from tasks where target is not null limit 1');
    await page.getByLabel('Target', { exact: true }).fill(String(some?.['target']));
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.waitForURL(/target=/);
    await says('#rows', String(some?.['target']));
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('Download CSV').click()]);
    expect(readFileSync(await download.path(), 'utf8')).toContain(String(some?.['target']));

    const counted = await page.request.get(`http://${address}/api/reports/reconcile`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(await counted.json()).toMatchObject({
      rows: [{ api: 'backlinks', vendorMicros: expect.any(Number) as number }],
    });

    // All of that while it went on, within its budget.
    expect(bench.app().status().state).toBe('harvesting');
    expect(bench.simulator.stats().maxInAnyPeriod).toBeLessThanOrEqual(10);
    expect(errors).toEqual([]);
  });
});
