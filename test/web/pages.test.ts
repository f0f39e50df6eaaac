/// <reference lib="dom" />
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { API_NAMES } from '../../src/config/settings.ts';
import type { TaskState } from '../../src/domain/task.ts';
import { ledgerRoom } from '../../src/http/rooms.ts';
import { createServer } from '../../src/http/server.ts';
import { openLedger, type Ledger } from '../../src/ledger/ledger.ts';
import { createLogger } from '../../src/log.ts';
import { systemClock } from '../../src/time.ts';
import { hasChromium, openBrowser, type Browsing } from '../support/browser.ts';
import { asRow, DAY, HOUR, listed, readSlice, savePage, sliceOf, withDatabase } from '../support/ledger.ts';

if (!hasChromium) console.warn('SKIPPED: tests of the pages, which need Chromium (apt-get install chromium).');

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const clock = systemClock();
const NOW = Math.floor(clock.now() / 1000) * 1000;
const policy = { tokens: 10, periodMs: 60_000, limit: 1000 };
const SCRIPT = '<script>document.title = "taken over"</script><img src=x onerror="document.title=1">';
const BIDI = '\u202Egnp.tset';

/** Half way through a backfill: what is covered, a gap, a task in many pages and one that an attacker has written. */
function fill(ledger: Ledger): void {
  ledger.ensureFrontiers('backlinks', NOW, policy);
  const tasks = Array.from({ length: 240 }, (_, index) =>
    listed(`task-${String(index).padStart(3, '0')}`, NOW - 9 * DAY + index * HOUR * 0.9, {
      tag: index % 4 === 0 ? null : `customer-${index % 4}`,
      target: `site-${index % 7}.example`,
      ...(index % 40 === 7 ? { state: 'failed' as const, status: '40501', statusCode: 40_501, costMicros: 0 } : {}),
    }),
  );
  const hostile = listed('hostile', NOW - 10 * DAY, {
    tag: `${BIDI}${SCRIPT}`,
    target: SCRIPT,
    endpoint: 'backlinks/history/live',
    url: 'v3/backlinks/history/live',
    metadata: JSON.stringify({
      tag: SCRIPT,
      nested: { list: [1, null, true, BIDI], [SCRIPT]: SCRIPT },
      long: 'y'.repeat(50_000),
      counted: 'COUNTED',
      deep: 'DEEP',
    })
      .replace('"COUNTED"', '[12345678901234567890, 1.10, -0, 7, 1E400]')
      .replace('"DEEP"', `${'['.repeat(20_000)}${']'.repeat(20_000)}`),
  });
  readSlice(ledger, sliceOf(NOW - 12 * DAY, NOW - HOUR), [hostile, ...tasks].map(asRow), {
    at: { now: NOW },
    answer: { serverDate: NOW },
  });
}

/** What the daemon says that it does, and has said just now: an old word is told as that. */
function say(ledger: Ledger, word: Pick<DaemonWord, 'state' | 'reason'> = READS): void {
  ledger.setDaemonState({ ...word, until: null, at: clock.now(), pid: 1, version: '1' });
}

type DaemonWord = Parameters<Ledger['setDaemonState']>[0];
const READS = { state: 'harvesting', reason: 'reads what the ledger does not hold yet' } as const;

describe.skipIf(!hasChromium)('in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-pages-'));
  const path = join(folder, 'ledger.db');
  const heard: string[] = [];
  let ledger: Ledger;
  let server: FastifyInstance;
  let locked: FastifyInstance;
  let browsing: Browsing;
  let page: Page;
  /** One that the tests of the whole do not listen to. */
  let guest: Page;
  let url: string;

  const serve = async (token: string | null) => {
    const log = createLogger({ level: 'silent', secrets: [] });
    const terms = { path, apis: ['backlinks'], policy, lagMs: 30_000, tailPeriodMs: 60_000, version: '9.9.9' };
    const vendorDay = () => Promise.resolve({ day: null, timezone: null, byApi: { backlinks: 4_500_000 } });
    const vitals = () => ({ turnedAt: null, tails: {} });
    const room = ledgerRoom(terms, { log, clock, said: () => null, vendorDay });
    return await createServer({ token, log, clock, vitals, pid: 1, rooms: [room] });
  };

  beforeAll(async () => {
    ledger = openLedger({ path, login: 'me', pid: 1, now: NOW });
    fill(ledger);
    server = await serve(null);
    locked = await serve('open-sesame');
    url = await server.listen({ port: 0, host: '127.0.0.1' });
    browsing = await openBrowser();
    page = await browsing.context.newPage();
    page.on('request', (request) => heard.push(`request ${new URL(request.url()).origin}`));
    page.on('pageerror', (error) => heard.push(`error ${error.message}`));
    page.on('console', (message) => heard.push(`${message.type()} ${message.text()}`));
    page.setDefaultTimeout(15_000);
  }, 60_000);
  afterAll(async () => {
    await browsing.close();
    await server.close();
    await locked.close();
    ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => say(ledger));
  afterEach(() => {
    // No request leaves this server, nothing breaks the content policy, no script fails.
    expect(heard.splice(0).filter((what) => what !== `request ${url}`)).toEqual([]);
  });

  const textOf = async (selector: string, on = page) => (await on.locator(selector).first().textContent()) ?? '';
  const until = (selector: string, text: string | RegExp, on = page) =>
    on
      .locator(selector)
      .filter({ hasText: text })
      .first()
      .waitFor({ timeout: 8_000 })
      .catch(async (cause: unknown) => {
        throw new Error(`${selector} says: ${await textOf(selector, on)}`, { cause });
      });

  it('the status page tells state, figures, coverage, budget, costs, failures and what expires', async () => {
    await page.goto(url);
    await until('#state-name', 'Harvesting');
    await until('#state-read', /^New tasks are read up to .* UTC, .* ago\.$/);
    await until('#figure-tasks', '241');
    await until('#by-tag', 'customer-1');
    await until('#by-tag', 'no tag');
    await until('#by-endpoint', 'backlinks/summary/live');
    await until('#failures', '40501 Invalid Field');
    await until('#expiry', /in \d+/);
    await until('#budget-lead', 'of 600 calls in the last hour');
    await until('#backlog-lead', /\d+\.\d % of the window is read/);
    // The figure and the chart are of the same days.
    const cost = (await textOf('#figure-cost')).trim();
    expect(cost).toMatch(/^\$\d/);
    await until('#days-note', `${cost} in 30 days so far; not all of this time is read. Days are UTC.`);
    for (const id of ['by-tag', 'by-endpoint']) await until(`#${id} caption`, /so far; not all of this time is read$/);
    // Of the last week all is read.
    await until('#failures caption', /^\d+ tasks failed$/);
    expect(await page.locator('[data-range]').allTextContents()).toEqual([
      ...Array<string>(4).fill('30 days'),
      '7 days',
    ]);
    await page.getByRole('button', { name: '2 weeks' }).click();
    await until('#days-note', ' in 14 days so far');
    await page.getByRole('button', { name: '30 days' }).click();
    await until('#days-note', ' in 30 days so far');
    await until('#last-failure', 'No call to DataForSEO has failed.');
    expect(await page.locator('#days-tasks canvas').count()).toBe(1);
    expect(await textOf('#live')).toContain('Live');
  });

  it('the status page shows what of the whole each row is, and dollars to the cent with the exact amount beside', async () => {
    await page.goto(url);
    await until('#by-tag', 'customer-1');
    const sums = (await (await page.request.get(`${url}/api/costs?by=tag&since=30d`)).json()) as {
      rows: { costMicros: number }[];
      totals: { costMicros: number };
    };
    const shares = await page.locator('#by-tag tbody tr').evaluateAll((rows) =>
      rows.map((row) => ({
        percent: Number.parseFloat(row.querySelector('.percent')?.textContent ?? ''),
        drawn: ((row.querySelector('.bar')?.clientWidth ?? 0) / (row.querySelector('.track')?.clientWidth ?? 1)) * 100,
      })),
    );
    expect(shares).toHaveLength(sums.rows.length);
    for (const [index, { percent, drawn }] of shares.entries()) {
      const exact = ((sums.rows[index]?.costMicros ?? 0) / sums.totals.costMicros) * 100;
      expect(Math.abs(percent - exact)).toBeLessThanOrEqual(0.05);
      expect(Math.abs(drawn - exact)).toBeLessThan(2);
    }
    const cost = page.locator('#by-tag tbody td.number').nth(1);
    expect(await cost.textContent()).toMatch(/^\$\d+\.\d\d$/);
    expect(await cost.getAttribute('title')).toMatch(/^\$\d+\.\d{6}$/);
    // What is cut off below or beside is told by a shadow at the edge.
    expect(await page.locator('#by-tag').evaluate((list) => getComputedStyle(list).backgroundAttachment)).toContain(
      'local',
    );
  });

  it('the status page says how much is lost, by grade, and leads to what says which', async () => {
    await page.goto(url);
    await until('#figure-lost', /^\s*0\s*$/);
    const days = (since: number, end: number) => [since, end].map((ago) => Math.floor((NOW - ago * DAY) / 1000));
    withDatabase(path, {}, (database) => {
      const lose = database.prepare(
        `insert into loss (api, since, until, grade, lost_at, reason) values (1, ?, ?, ?, 0, 'x')`,
      );
      // The second lies within the first, and is no more time.
      lose.run(...days(250, 207), 'metadata');
      lose.run(...days(240, 210), 'metadata');
      lose.run(...days(250, 245), 'ids');
    });
    await until('#figure-lost', '5 days ids43 days metadata');
    expect(await page.locator('#figure-lost').getAttribute('title')).toMatch(/^backlinks, metadata: \d{4}-.* to .*\n/);
    expect(await page.locator('#figure-lost').getAttribute('data-mood')).toBe('warn');
    expect(await page.locator('#figure-lost a').getAttribute('href')).toBe('/reports?report=coverage');
    withDatabase(path, {}, (database) => database.exec('delete from loss'));
    await until('#figure-lost', /^\s*0\s*$/);
  });

  it('the status page of one that is parked says what to do once, and promises no end', async () => {
    const reason =
      'POST /v3/backlinks/id_list failed (HTTP 402, 40200): Payment Required. Add funds at https://app.dataforseo.com: DataForSEO answers no call until then.';
    say(ledger, { state: 'parked', reason });
    await page.goto(url);
    await until('#state-name', 'Parked: somebody must act');
    expect(await textOf('#state-reason')).toBe(
      'Refused (HTTP 402, 40200): Payment Required. Add funds at https://app.dataforseo.com: DataForSEO answers no call until then.',
    );
    await until('#backlog-note', 'It goes on once somebody has acted.');
    expect(await textOf('#backlog-note')).not.toContain('until');
    say(ledger);
    await until('#state-name', 'Harvesting');
  });

  it('the strip tells which call covered a moment, by keys and by pointer', async () => {
    const bar = page.getByRole('slider', { name: 'Coverage of backlinks: choose a moment' });
    await bar.focus();
    for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowLeft');
    await until('.strip-told', 'read by call 1 (walk 1, backfill)');
    expect(await bar.getAttribute('aria-valuetext')).toMatch(/^\d{4}-.* UTC: with metadata$/);
    await page.keyboard.press('Home');
    await until('.strip-told', 'ids to be read by the next call');
    const box = await bar.boundingBox();
    await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) * 0.97, (box?.y ?? 0) + 10);
    await until('.strip-told', 'with metadata');
  });

  it('a chart is zoomed by its buttons and by the mouse, and its figures are in a table', async () => {
    await page.getByRole('button', { name: '2 weeks' }).click();
    await until('#days-note', 'in 14 days');
    const box = await page.locator('#days-tasks .u-over').boundingBox();
    if (box === null) throw new Error('There is no chart.');
    await page.mouse.move(box.x + box.width * 0.3, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 20);
    await page.mouse.up();
    await page.locator('#days-tasks .u-over').dblclick();
    const days = page.locator('#days-tasks');
    const view = async () => ((await days.getAttribute('data-view')) ?? '').split(' ').map(Number);
    await days.focus();
    await page.keyboard.press('+');
    const [from, to] = await view();
    expect((to! - from!) / 86_400).toBeLessThanOrEqual(7);
    await page.keyboard.press('ArrowLeft');
    expect((await view())[0]).toBeLessThan(from!);
    await page.keyboard.press('Escape');
    const [since, until_] = await view();
    expect((until_! - since!) / 86_400).toBeGreaterThanOrEqual(13);
    expect(await page.locator('#days-table tbody tr').count()).toBeGreaterThan(8);
  });

  it('what is read meanwhile shows without a reload, and what stays the same is not drawn anew', async () => {
    await page.evaluate(() => {
      document.querySelector('#strips svg')?.setAttribute('data-kept', 'yes');
    });
    const walk = ledger.beginWalk(sliceOf(NOW - 20 * DAY, NOW - 12 * DAY), NOW);
    savePage(ledger, walk, [asRow(listed('late', NOW - 15 * DAY))], { at: { now: NOW }, answer: { serverDate: NOW } });
    await until('#figure-tasks', '242');
    expect(await page.locator('#strips svg[data-kept]').count()).toBe(1);
  });

  it('the explorer finds by filter, goes on by cursor, and keeps the search in the address', async () => {
    await page.goto(`${url}/tasks`);
    await until('#found-title', 'The newest 100 tasks');
    await page.getByRole('button', { name: 'Show older ones' }).click();
    await until('#found-title', 'The newest 200 tasks');
    await page.getByLabel('Target', { exact: true }).fill('site-3');
    await page.getByLabel('Target is').selectOption('prefix');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await until('#found-title', '34 tasks');
    expect(page.url()).toBe(`${url}/tasks?target_prefix=site-3`);
    await page.reload();
    await until('#found-title', '34 tasks');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('Download CSV').click()]);
    expect(
      readFileSync(await download.path(), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(35);
  });

  it('the explorer says that the ledger lacks some of the time, and of how many tasks the target is not known', async () => {
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    const [since, end] = [day(NOW - 5 * DAY), day(NOW - 4 * DAY)];
    await page.goto(`${url}/tasks`);
    await until('#careful', 'there may be more than this, in the CSV too');
    expect(await page.locator('#careful').isVisible()).toBe(true);
    await page.goto(`${url}/tasks?since=${since}&until=${end}`);
    await until('#found-title', /^2\d tasks/);
    expect(await page.locator('#careful').isVisible()).toBe(false);
    await page.goto(`${url}/tasks?id=hostile`);
    await until('#found-title', '1 task');
    // It is found: that there may be others is of no matter.
    expect(await page.locator('#careful').isVisible()).toBe(false);
    await page.goto(`${url}/tasks?since=${since}&until=${day(NOW + DAY)}`);
    await page.locator('#missing').click();
    await page.waitForURL((address) => address.search.startsWith(`?report=coverage&since=${since}`));
    await page.route('**/api/tasks?*', async (route) => {
      const answer = await route.fetch();
      const unknownMetadata = { tasks: 3_334, costMicros: 113_906_830 };
      await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), unknownMetadata } });
    });
    await page.goto(`${url}/tasks?target=site-3.example`);
    await until('#unknown-metadata', 'Careful: of 3,334 tasks of these days ($113.906830) tag and target are not known; any of them'); // prettier-ignore
    await page.unroute('**/api/tasks?*');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.locator('#unknown-metadata').waitFor({ state: 'hidden' });
  });

  const STATES: readonly TaskState[] = ['finished', 'empty', 'partial', 'failed', 'pending'];

  it('offers the APIs and the states that there are, in the explorer and in the reports', async () => {
    for (const path of ['/tasks', '/reports']) {
      await page.goto(`${url}${path}`);
      expect(await page.locator('select[name=api] option').allTextContents()).toEqual(['any', ...API_NAMES]);
      expect(await page.locator('select[name=state] option').allTextContents()).toEqual(['any', ...STATES]);
    }
    await page.goto(`${url}/tasks?api=serp`);
    await until('#found-title', '0 tasks');
    await until('#unknown', 'No task of this ledger is of the API serp');
  });

  it('offers the CSV of what is typed, goes on with what was searched for, and takes a search back', async () => {
    await page.goto(`${url}/tasks`);
    await until('#found-title', 'The newest 100 tasks');
    await page.getByLabel('State').selectOption('failed');
    expect(await page.locator('#csv').getAttribute('href')).toBe('/tasks.csv?state=failed');
    await page.getByRole('button', { name: 'Show older ones' }).click();
    await until('#found-title', 'The newest 200 tasks');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await until('#found-title', /^\d tasks$/);
    await page.goBack();
    await until('#found-title', 'The newest 100 tasks');
    expect(await page.getByLabel('State').inputValue()).toBe('');
    await page.goForward();
    await until('#found-title', /^\d tasks$/);
  });

  it('leaves nothing of a search before beside one that fails', async () => {
    await page.goto(`${url}/tasks`);
    await until('#found-title', 'The newest 100 tasks');
    await page.getByLabel('From').fill('soon');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await until('#trouble', 'since is "soon"');
    for (const id of ['#found', '#further', '#nothing']) expect(await page.locator(id).isVisible()).toBe(false);
    heard.splice(0);
  });

  it('says of an address what there is not to ask for, and sums by whatever there is', async () => {
    await page.goto(`${url}/tasks?stat=failed`);
    await until('#trouble', 'The address asks for what there is not: there is no stat to ask for.');
    await page.goto(`${url}/reports?report=costs&by=day,endpoint&state=failed`);
    await until('#report-title', 'Costs by day and endpoint');
    await until('#report-note', '6 tasks');
    await page.goto(`${url}/reports?report=costs&by=foo`);
    await until('#trouble', 'by is "foo"');
    heard.splice(0);
    await page.goto(`${url}/reports?report=costs&colour=red`);
    await until('#trouble', 'there is no colour to ask for.');
    await page.goto(`${url}/reports?report=costs`);
    await until('#report-title', 'Costs by month');
    await page.locator('select[name=report]').selectOption('changes');
    await until('#report-title', 'Nothing has changed');
    await page.goBack();
    await until('#report-title', 'Costs by month');
  });

  it.each([
    ['/tasks?state=Failed', 'state cannot be "Failed" here'],
    ['/tasks?api=bogus&state=bogus', 'state cannot be "bogus" here'],
    ['/tasks?tag=a&tag=b', 'tag stands there 2 times'],
    ['/tasks?target=a&target_prefix=b', 'target cannot be "a" here'],
    ['/reports?report=bogus', 'report cannot be "bogus" here'],
    ['/reports?report=costs&api=Backlinks', 'api cannot be "Backlinks" here'],
    ['/reports?report=coverage&tag=x', 'report coverage knows no tag'],
  ])('answers nothing to %s but what is wrong', async (address, words) => {
    await page.goto(`${url}${address}`);
    await until('#trouble', words);
    expect(await page.locator('tbody tr').count()).toBe(0);
    expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe(address);
    if (address.startsWith('/tasks')) expect(await page.locator('#csv').getAttribute('href')).toBeNull();
  });

  it.each([
    ['/tasks?id=&since=&until=&api=&state=&endpoint=&target=site-3&match=prefix&tag=', '34 tasks'],
    ['/tasks?target=&target_prefix=site-3', '34 tasks'],
    ['/reports?report=', 'Costs by month'],
  ])('answers %s, in which nothing is asked by what is empty', async (address, words) => {
    await page.goto(`${url}${address}`);
    await until(address.startsWith('/tasks') ? '#found-title' : '#report-title', words);
  });

  it('leaves nothing of an answer beside what is wrong with the address that Back leads to', async () => {
    await page.goto(`${url}/tasks?stat=failed`);
    await until('#trouble', 'there is no stat');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await until('#found-title', 'The newest 100 tasks');
    await page.goBack();
    await until('#trouble', 'there is no stat');
    expect(await page.locator('tbody tr').count()).toBe(0);
    await page.goto(`${url}/reports?report=costs&colour=red`);
    await until('#trouble', 'there is no colour');
    await page.locator('select[name=report]').selectOption('failures');
    await until('#report-title', 'failed');
    await page.goBack();
    await until('#trouble', 'there is no colour');
    expect(await page.locator('#report table').count()).toBe(0);
  });

  it('keeps what is typed where a link leads within the page, and closes the task that Back leaves', async () => {
    await page.goto(`${url}/tasks?id=hostile`);
    await page.locator('dialog[open] .tree').first().waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByLabel('Tag', { exact: true }).fill('half a word');
    await page.locator('.skip').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/#main$/);
    expect(await page.getByLabel('Tag', { exact: true }).inputValue()).toBe('half a word');
    expect(await page.locator('dialog[open]').count()).toBe(0);
    await page.goto(`${url}/tasks`);
    await until('#found-title', 'The newest 100 tasks');
    await page.getByLabel('State').selectOption('failed');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await until('#found-title', /^\d tasks$/);
    await page.locator('#rows tr button').first().click();
    await page.locator('dialog[open]').waitFor();
    await page.goBack();
    await until('#found-title', 'The newest 100 tasks');
    expect(await page.locator('dialog[open]').count()).toBe(0);
  });

  it('says what is wrong with a filter', async () => {
    await page.goto(`${url}/tasks?since=soon`);
    await until('#trouble', 'since is "soon"; it must be a time');
    expect(heard.splice(0).filter((what) => !what.includes('400') && what !== `request ${url}`)).toEqual([]);
  });

  it('says in the explorer and in the reports that no task has what was typed, and what comes near', async () => {
    await page.goto(`${url}/tasks?tag=custmer-1`);
    await until('#found-title', '0 tasks');
    await until(
      '#unknown',
      'No task of this ledger is known to have the tag custmer-1. The nearest there are: customer-1',
    );
    await page.getByLabel('Tag').fill('customer-1');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.locator('#unknown').waitFor({ state: 'hidden' });
    await page.goto(`${url}/reports?endpoint=backlinks/sumary/live`);
    await until(
      '#report-unknown',
      'has the endpoint backlinks/sumary/live. The nearest there are: backlinks/summary/live, backlinks/history/live.',
    );
  });

  it('what an attacker wrote stays text', async () => {
    // An address that names a task opens it.
    await page.goto(`${url}/tasks?id=hostile`);
    await until('#found-title', '1 task');
    await until('#task-body .tree', '"nested"'.replaceAll('"', ''));
    await until('#task-body', 'all 50000 characters');
    expect(await page.title()).toBe('Tasks · dataforseo-ledger');
    expect(await page.locator('#task-body img, #task-body script, #rows img, #rows script').count()).toBe(0);
    expect(await textOf('#task-body')).toContain(SCRIPT);
    const numbers = await page
      .locator('#task-body .tree li', { hasText: 'counted' })
      .last()
      .locator('.literal')
      .allTextContents();
    expect(numbers).toEqual(['12345678901234567890', '1.10', '-0', '7', '1E400']);
    expect(
      await page
        .locator('#rows bdi', { hasText: BIDI })
        .first()
        .evaluate((node) => getComputedStyle(node).unicodeBidi),
    ).toBe('isolate');
    await page.getByRole('button', { name: 'all 50000 characters' }).click();
    expect((await textOf('#task-body')).length).toBeGreaterThan(50_000);
    await page.keyboard.press('Escape');
    expect(await page.locator('dialog[open]').count()).toBe(0);
  });

  it('the reports are there, and a certificate to print', async () => {
    await page.goto(`${url}/reports`);
    await until('#report-title', 'Costs by month');
    const by = page.locator('select[name=by]');
    expect(await by.isVisible()).toBe(true);
    for (const [report, title] of [
      ['failures', 'failed'],
      ['unfinished', 'unfinished'],
      ['duplicates', 'wasted on repeats'],
      ['changes', 'Nothing has changed'],
      ['retrievable', 'No result can still be fetched'],
      ['doubts', 'No doubts'],
      ['coverage', 'Certificate of coverage'],
      ['reconcile', 'They do not agree'],
    ] as const) {
      await page.locator('select[name=report]').selectOption(report);
      await until('#report-title', title);
      // It tells costs apart and nothing else.
      expect(await by.isVisible()).toBe(false);
    }
    await until('#report', '$4.500000');
    await page.locator('select[name=report]').selectOption('coverage');
    await until('#report', 'Not complete: something is missing');
    expect(await page.locator('.verdict[data-verdict=lacking]').count()).toBe(2);
    await until('#report', /Account[0-9a-f]{32}:[0-9a-f]{64}/);
    await until('#report', 'tasksgapnot read yet');
  });

  it('a report of nothing is a sentence, and no head of a table above nothing', async () => {
    for (const [query, title, note] of [
      ['report=costs&since=2020-01-01&until=2020-01-02', 'Costs by month', 'Nothing on record in this time.'],
      ['report=unfinished', 'No task unfinished', ''],
      ['report=changes', 'Nothing has changed', 'No later reading showed another status, completion or cost.'],
      ['report=duplicates&since=2020-01-01&until=2020-01-02', 'Nothing wasted on repeats', '0 tasks compared.'],
      ['report=retrievable', 'No result can still be fetched', 'Results of Live endpoints are not kept by DataForSEO.'],
    ] as const) {
      await page.goto(`${url}/reports?${query}`);
      await until('#report-title', title);
      expect((await textOf('#report-note')).trim()).toBe(note);
      expect(await page.locator('#report').evaluate((place) => getComputedStyle(place).display), query).toBe('none');
    }
  });

  it('the names of reports, APIs and sums fit into their lists, at every width', async () => {
    for (const width of [1280, 700, 390, 360]) {
      await page.setViewportSize({ width, height: 800 });
      for (const path of ['/reports', '/tasks']) {
        await page.goto(`${url}${path}`);
        const cut = await page.locator('select').evaluateAll((lists) =>
          lists.flatMap((list) => {
            const whole = list.cloneNode(true) as HTMLElement;
            whole.style.cssText = 'width: auto; position: absolute';
            list.after(whole);
            const missing = whole.offsetWidth - (list as HTMLElement).offsetWidth;
            whole.remove();
            return missing > 0 ? [`${list.getAttribute('name') ?? ''}: ${missing} px`] : [];
          }),
        );
        expect(cut, `${path} at ${width}`).toEqual([]);
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('a report of one tag says of how many tasks the tag is not known', async () => {
    await page.route('**/api/costs*', async (route) => {
      const answer = await route.fetch();
      const unknownTag = { tasks: 3_334, costMicros: 113_906_830 };
      await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), unknownTag } });
    });
    await page.goto(`${url}/reports?report=costs&tag=customer-1`);
    await until('#report-unknown-tag', 'Careful: of 3,334 tasks of this time ($113.906830) the tag is not known; any of them'); // prettier-ignore
    await page.unroute('**/api/costs*');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.locator('#report-unknown-tag').waitFor({ state: 'hidden' });
  });

  it('a report says that the ledger lacks some of its time, and where to see what', async () => {
    await page.goto(`${url}/reports?report=costs&by=day`);
    await until('#careful', 'the ledger lacks some or all of this time');
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    const [since, end] = [day(NOW - 5 * DAY), day(NOW - 4 * DAY)];
    expect(await page.locator('#careful').isVisible()).toBe(true);
    await page.locator('input[name=since]').fill(since);
    await page.locator('input[name=until]').fill(end);
    await page.getByRole('button', { name: 'Show' }).click();
    await until('#report-note', /^2[0-9] tasks/);
    expect(await page.locator('#careful').isVisible()).toBe(false);
    await page.locator('input[name=until]').fill(day(NOW + 3 * DAY));
    await page.getByRole('button', { name: 'Show' }).click();
    await page.locator('#missing').click();
    await page.waitForURL((address) => address.search.includes(`report=coverage&since=${since}`));
    await until('#report', 'not read yet');
  });

  it('a certificate is of whole APIs, and not of a tag that was typed for another report', async () => {
    await page.goto(`${url}/reports?report=costs&by=day&tag=customer-2&endpoint=backlinks/summary/live`);
    await until('#report-title', 'Costs by day');
    await page.locator('select[name=report]').selectOption('coverage');
    await until('.certificate', 'backlinks');
    expect(await page.locator('input[name=tag]').isVisible()).toBe(false);
    expect(await page.locator('input[name=endpoint]').isVisible()).toBe(false);
    expect(page.url()).not.toContain('tag=');
    // Of today, whatever time was typed.
    await page.locator('input[name=since]').fill('2026-03-01');
    await page.locator('select[name=report]').selectOption('reconcile');
    await until('#report-title', 'They do not agree');
    expect(await page.locator('input[name=since]').isVisible()).toBe(false);
    expect(page.url()).not.toContain('since=');
  });

  it('what was asked before and comes late is not shown in the place of what was asked last', async () => {
    const gate = Promise.withResolvers<undefined>();
    await page.route('**/api/reports/duplicates*', async (route) => {
      await gate.promise;
      await route.continue();
    });
    await page.goto(`${url}/reports?report=duplicates`);
    await page.locator('select[name=report]').selectOption('costs');
    await until('#report-title', 'Costs by month');
    const late = page.waitForResponse((response) => response.url().includes('duplicates'));
    gate.resolve(undefined);
    await (await late).finished();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 0)));
    expect(await textOf('#report-title')).toBe('Costs by month');
    await page.unroute('**/api/reports/duplicates*');
  });

  it('a task that was asked for before and comes late is not shown in the place of the one that was asked for last', async () => {
    await page.goto(`${url}/tasks`);
    await until('#found-title', 'The newest 100 tasks');
    const ids = page.locator('#rows tr button');
    const [slow = '', quick = ''] = await ids.allTextContents();
    const gate = Promise.withResolvers<undefined>();
    await page.route(`**/api/tasks/${slow}`, async (route) => {
      await gate.promise;
      await route.continue();
    });
    await ids.nth(0).click();
    await until('#task-body', 'Reading…');
    await page.getByRole('button', { name: 'Close' }).click();
    await ids.nth(1).click();
    await page.locator('#task-body .badge').waitFor();
    const late = page.waitForResponse((response) => response.url().endsWith(slow));
    const shown = await textOf('#task-body');
    gate.resolve(undefined);
    await (await late).finished();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 0)));
    expect(await textOf('#task-title')).toContain(quick);
    expect(await textOf('#task-body')).toBe(shown);
    await page.unroute(`**/api/tasks/${slow}`);
  });

  it.each(['light', 'dark'] as const)('nothing keeps anybody out, in the %s theme', async (scheme) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const [path, ready, width] of [
      ['/', '#by-tag table', 1280],
      ['/tasks', '#rows tr', 1280],
      ['/reports?report=coverage', '.certificate', 1280],
      ['/reports?report=reconcile', '#report table', 390],
      ['/tasks?id=task-001', '#rows tr', 390],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.goto(`${url}${path}`);
      await page.locator(ready).first().waitFor();
      if (path.includes('id=')) {
        await page.locator('#task-body .tree').waitFor();
      }
      // By the debugger, which no content policy concerns.
      await page.evaluate(AXE);
      const serious = await page.evaluate(async () => {
        const { violations } = await (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run();
        return violations.map(
          ({ id, impact, nodes }) =>
            `${id} (${String(impact)}): ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
        );
      });
      expect(serious, path).toEqual([]);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('fits a phone, without scrolling to the side', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const [path, ready] of [
      ['/', '#by-tag table'],
      ['/tasks', '#rows tr'],
      ['/reports', '#report table'],
      ['/reports?report=duplicates', '#report table'],
      ['/reports?report=coverage', '#report table'],
    ] as const) {
      await page.goto(`${url}${path}`);
      await page.locator(ready).first().waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(360);
    }
    // Nothing of a report is pushed to the side: of a wide table each row is a card, with the names of its columns.
    const overhang = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => element.scrollWidth - element.clientWidth);
    expect(await overhang('#report .scroll')).toBe(0);
    for (const report of ['reconcile', 'failures', 'duplicates', 'coverage', 'costs&by=month,tag']) {
      await page.goto(`${url}/reports?report=${report}`);
      await page.locator('#report tbody tr').first().waitFor();
      expect(await overhang('#report'), report).toBe(0);
    }
    await page.goto(`${url}/reports?report=reconcile`);
    const lines = page.locator('#report tbody tr').first().locator('th, td');
    await lines.first().waitFor();
    expect(await lines.evaluateAll((all) => all.map((cell) => getComputedStyle(cell, '::before').content.split('"')[1])),
    ).toEqual(['API', 'Tasks', 'Ledger', 'DataForSEO', 'Difference', 'Unfinished']); // prettier-ignore
    const tops = await lines.evaluateAll((all) => all.map((cell) => cell.getBoundingClientRect().top));
    expect(new Set(tops).size).toBe(6);
    // It still is a table to who does not see it.
    expect(await page.getByRole('columnheader', { name: 'Difference' }).count()).toBe(1);
    expect(await page.getByRole('cell', { name: '$4.500000' }).count()).toBe(1);
    // A month is not broken in its middle.
    await page.goto(`${url}/reports?report=costs&by=month,tag`);
    const month = page.locator('#report tbody th').first();
    await month.waitFor();
    expect((await month.boundingBox())?.height).toBeLessThan(60);
    expect(await month.locator('bdi').evaluate((text) => text.getClientRects().length)).toBe(1);
    // A share has no room for its bar, but for its figure.
    await page.goto(url);
    await page.locator('#by-endpoint table').waitFor();
    expect(await page.locator('#by-endpoint .percent').first().isVisible()).toBe(true);
    expect(await page.locator('#by-endpoint .track').first().isVisible()).toBe(false);
    expect(await overhang('#by-endpoint')).toBe(0);
    // No date or time is broken at the end of a line, in tables or sentences.
    const broken = (selector: string) =>
      page.locator(selector).evaluateAll((all) => all.map((text) => text.getClientRects().length));
    for (const selector of ['#foot .nowrap', '#backlog-note .nowrap', '#expiry td span.nowrap']) {
      await page.locator(selector).first().waitFor();
      expect(new Set(await broken(selector)), selector).toEqual(new Set([1]));
    }
    // What became of a task is seen without a push to the side.
    await page.goto(`${url}/tasks`);
    const badge = await page.locator('#rows .badge').first().boundingBox();
    expect((badge?.x ?? 360) + (badge?.width ?? 0)).toBeLessThanOrEqual(345);
    // Each as a card: what stands in a column of its own elsewhere is one below the other.
    const cells = await page.locator('#rows tr').first().locator('td').evaluateAll((all) => all.map((cell) => cell.getBoundingClientRect().top)); // prettier-ignore
    expect(new Set(cells).size).toBeGreaterThan(2);
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('the way out of a task is in sight on a phone, and leads back to where it was opened', async () => {
    await page.setViewportSize({ width: 390, height: 500 });
    await page.goto(`${url}/tasks`);
    const row = page.locator('#rows tr').nth(2);
    // Beside the button, as most press it.
    await row.locator('.posted').click();
    await page.locator('#task-body .tree').waitFor();
    const dialog = page.locator('dialog');
    expect(await dialog.evaluate((box) => box.scrollHeight > box.clientHeight)).toBe(true);
    await dialog.evaluate((box) => {
      box.scrollTop = box.scrollHeight;
    });
    const close = page.getByRole('button', { name: 'Close' });
    const [box, around] = [await close.boundingBox(), await dialog.boundingBox()];
    expect((box?.y ?? 0) - (around?.y ?? 0)).toBeGreaterThanOrEqual(0);
    expect((box?.y ?? 0) - (around?.y ?? 0)).toBeLessThan(40);
    await close.click();
    expect(await row.locator('button').evaluate((button) => button === document.activeElement)).toBe(true);
    // The next one begins at its top.
    await page.keyboard.press('Enter');
    await page.locator('#task-body .tree').waitFor();
    expect(await dialog.evaluate((it) => it.scrollTop)).toBe(0);
    await page.keyboard.press('Escape');
    expect(await row.locator('button').evaluate((button) => button === document.activeElement)).toBe(true);
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('the theme can be chosen, and is kept', async () => {
    await page.goto(url);
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const button = page.locator('#theme');
    await button.click();
    expect(await button.textContent()).toBe('Theme: light');
    const light = await ground();
    await button.click();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload();
    await until('#theme', 'Theme: dark');
    expect(await ground()).toBe(dark);
    await button.click();
  });

  it('the first paint waits for no answer from the ledger', async () => {
    await page.goto(url);
    await until('#figure-tasks', '242');
    await page.reload();
    const painted = await page.evaluate(async () => {
      const entry = () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
      while (entry() === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
      return entry() ?? 0;
    });
    // Ten times what it should take at most, for machines that do a lot else meanwhile.
    expect(painted).toBeLessThan(2_000);
  });

  it('a token lets in who has it, as the password of the browser, live events included', async () => {
    const address = await locked.listen({ port: 0, host: '127.0.0.1' });
    const bare = await page.request.get(`${address}/`, { maxRedirects: 0 });
    expect([bare.status(), bare.headers()['www-authenticate']]).toEqual([
      401,
      'Basic realm="dataforseo-ledger", charset="UTF-8"',
    ]);
    const authority = address.replace('http://', 'http://me:open-sesame@');
    guest = await browsing.context.newPage();
    await guest.goto(`${authority}/`);
    await until('#live', 'Live', guest);
    await until('#figure-tasks', '242', guest);
  });

  it('says that the daemon does not answer any more, and goes on by itself once it does', async () => {
    const state = guest.locator('#state');
    expect(await state.getAttribute('data-live')).toBe('on');
    const markOf = () => guest.locator('.state-mark').evaluate((mark) => getComputedStyle(mark).backgroundColor);
    const working = await markOf();
    expect(working).not.toBe('rgba(0, 0, 0, 0)');
    const { port } = locked.server.address() as AddressInfo;
    await locked.close();
    await until('#live', 'No connection; trying again', guest);
    expect(await state.getAttribute('data-live')).toBe('off');
    // No colour of what it was is left, nor its word as what it is.
    expect(await markOf()).toBe('rgba(0, 0, 0, 0)');
    expect(await textOf('#state-name', guest)).toBe('Not connected');
    expect(await guest.title()).toBe('Not connected · dataforseo-ledger');
    const said = /^Nothing was heard of the daemon since (.*) UTC\. All of this page is as it was then: harvesting\.$/;
    const since = Date.parse(`${said.exec(await textOf('#state-reason', guest))?.[1]?.replace(' ', 'T') ?? ''}Z`);
    expect(since).toBeGreaterThanOrEqual(NOW);
    expect(since).toBeLessThanOrEqual(clock.now());
    locked = await serve('open-sesame');
    await locked.listen({ port, host: '127.0.0.1' });
    await until('#live', /^Live$/, guest);
    expect(await state.getAttribute('data-live')).toBe('on');
    expect(await textOf('#state-name', guest)).toBe('Harvesting');
    expect(await markOf()).toBe(working);
    // A proxy may answer in its place meanwhile, after which browsers try no more by themselves.
    const away = ['**/api/live', '**/api/status'];
    for (const path of away) await guest.route(path, (route) => route.fulfill({ status: 502 }));
    await guest.reload();
    await until('#state-name', 'Not connected', guest);
    expect(await textOf('#state-reason', guest)).toBe('The daemon has not answered yet.');
    for (const path of away) await guest.unroute(path);
    await until('#live', /^Live$/, guest);
    await guest.close();
  });

  /** Lets the guest's time pass until it says so: an answer that is under way when it jumps makes one jump more. */
  const afterSome = async (ms: number, selector: string, text: string | RegExp) => {
    for (let jumps = 0; jumps < 12; jumps += 1) {
      await guest.clock.fastForward(ms);
      const said = guest.locator(selector).filter({ hasText: text }).first().waitFor({ timeout: 700 });
      if (await said.then(() => true, () => false)) return; // prettier-ignore
    }
    await until(selector, text, guest);
  };

  it('notices within seconds that a daemon which keeps the connection says nothing any more', async () => {
    guest = await browsing.context.newPage();
    await guest.clock.install();
    await guest.goto(url);
    await until('#live', /^Live$/, guest);
    const away = ['**/api/live', '**/api/status'];
    for (const path of away) await guest.route(path, (route) => route.abort());
    await guest.clock.fastForward(20_000);
    await until('#state-name', 'Not connected', guest);
    await until('#state-reason', /^Nothing was heard of the daemon since/, guest);
    expect(await textOf('#state-read', guest)).toBe('');
    for (const path of away) await guest.unroute(path);
    await afterSome(5_000, '#live', /^Live$/);
    await until('#state-name', 'Harvesting', guest);
    await guest.close();
  });

  it('opens a stream anew that was cut off on the way, of which nobody is told', async () => {
    guest = await browsing.context.newPage();
    await guest.clock.install();
    await guest.addInitScript(() => {
      const Real = EventSource;
      let made = 0;
      const open = (address: string) => {
        made += 1;
        return made > 1
          ? new Real(address)
          : Object.assign(new EventTarget(), { readyState: 1, close: () => undefined });
      };
      // Whoever constructs it gets what this returns.
      Object.assign(globalThis, {
        EventSource: function (address: string) {
          return open(address);
        },
      });
    });
    await guest.goto(url);
    await afterSome(20_000, '#live', 'Asked every 10 s');
    await afterSome(11_000, '#live', /^Live$/);
    await guest.close();
  });

  it('asks now and then where no events come, as behind a proxy or as the fifty-first page', async () => {
    guest = await browsing.context.newPage();
    await guest.clock.install();
    await guest.route('**/api/live', (route) => route.fulfill({ status: 503 }));
    await guest.goto(url);
    await until('#live', 'Asked every 10 s', guest);
    await until('#state-name', 'Harvesting', guest);
    expect(await guest.locator('#state').getAttribute('data-live')).toBe('on');
    // Nor does it say in between that nobody answers.
    await guest.evaluate(() => {
      const said: string[] = [];
      Object.assign(globalThis, { said });
      const name = document.querySelector('#state-name');
      if (name !== null) new MutationObserver(() => said.push(name.textContent)).observe(name, { childList: true });
    });
    for (let round = 0; round < 2; round += 1) {
      const asked = guest.waitForResponse('**/api/status');
      await guest.clock.fastForward(11_000);
      await (await asked).finished();
    }
    await guest.evaluate(() => new Promise((resolve) => void fetch('/api/calls').then(resolve)));
    expect(await guest.evaluate(() => (globalThis as unknown as { said: string[] }).said)).toEqual([]);
    // One that cannot be shown, as of another version, does not end the asking.
    await guest.route('**/api/status', (route) => route.fulfill({ status: 200, json: {} }));
    const strange = guest.waitForResponse('**/api/status');
    await guest.clock.fastForward(11_000);
    await (await strange).finished();
    await guest.unroute('**/api/status');
    const next = guest.waitForResponse('**/api/status');
    await guest.clock.fastForward(11_000);
    await (await next).finished();
    // That the ledger cannot be read is an answer too.
    await guest.route('**/api/status', (route) =>
      route.fulfill({ status: 503, json: { error: 'There is no ledger yet.' } }),
    );
    await afterSome(11_000, '#state-name', 'The ledger does not answer yet');
    await until('#state-reason', 'There is no ledger yet.', guest);
    await guest.unroute('**/api/status');
    await guest.unroute('**/api/live');
    await afterSome(11_000, '#live', /^Live$/);
    await guest.close();
  });
});
