import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DoctorWish } from '../../src/cli/app-port.ts';
import type { Diagnosis } from '../../src/domain/diagnosis.ts';
import { takeLock } from '../../src/ledger/lock.ts';
import { openBench, type Bench } from '../support/bench.ts';
import { withDatabase } from '../support/ledger.ts';
import { startScriptedServer, text } from '../support/scripted-server.ts';

type Settings = Readonly<Record<string, string>>;

function diagnose(bench: Bench, settings: Settings = {}, wish: Partial<DoctorWish> = {}): Promise<Diagnosis> {
  const whole = { problems: [], sendTestAlert: false, ...wish };
  return bench.app(settings).doctor(whole, new AbortController().signal);
}

/** Everything that is not well, in short; a note is well enough. */
function complaints({ findings }: Diagnosis): string[] {
  return findings
    .filter(({ verdict }) => verdict !== 'ok' && verdict !== 'note')
    .map(({ check, verdict }) => `${check} ${verdict}`);
}

const of = ({ findings }: Diagnosis, name: string) => findings.find(({ check }) => check === name);

describe('the doctor', () => {
  it('finds all well before the first start, changes nothing, and takes no call of the budget', async () => {
    const bench = await openBench({ tasks: 100 });
    const before = readdirSync(bench.folder);
    const diagnosis = await diagnose(bench);
    expect(complaints(diagnosis)).toEqual(['disk skipped']);
    expect([of(diagnosis, 'alerts'), of(diagnosis, 'heartbeat')]).toMatchObject([
      { verdict: 'note', found: expect.stringMatching(/^Nobody is told .*: LEDGER_ALERT_URL is not set\.$/) as string },
      {
        verdict: 'note',
        found: expect.stringMatching(/^Nobody watches .*: LEDGER_HEARTBEAT_URL is not set\.$/) as string,
      },
    ]);
    expect(diagnosis).toMatchObject({ ok: true, refused: false, version: '0.0.0-test' });
    expect(of(diagnosis, 'ledger')?.found).toContain('There is none');
    expect(readdirSync(bench.folder)).toEqual(before);
    expect(bench.simulator.stats()).toMatchObject({ calls: 0, userDataCalls: 1 });
  });

  it('finds all well beside a running daemon', async () => {
    const bench = await openBench({ tasks: 100 });
    const controller = new AbortController();
    const running = bench.app().run(controller.signal);
    while (!bench.logged.some((line) => line.includes('"state":"idle"'))) await new Promise(setImmediate);
    const port = /127\.0\.0\.1:(\d+)\b.*the status page is there/.exec(bench.logged.join(''))?.[1];
    const diagnosis = await diagnose(bench, { LEDGER_HTTP_PORT: port ?? '' });
    const beside = await diagnose(bench, {
      LEDGER_HTTP_PORT: port ?? '',
      LEDGER_DATABASE: join(bench.folder, 'other.db'),
    });
    controller.abort(new Error('done'));
    await running;
    expect(complaints(diagnosis)).toEqual([]);
    expect(of(diagnosis, 'page')?.found).toBe(`The daemon of this ledger runs and answers at 127.0.0.1, port ${port}.`);
    expect(of(beside, 'page')).toMatchObject({
      verdict: 'warn',
      found: `The daemon of another ledger answers at 127.0.0.1, port ${port}.`,
    });
    expect(of(diagnosis, 'lock')?.found).toMatch(/^Held by process \d+ on /);
    expect(of(diagnosis, 'ledger')?.found).toContain('100 tasks');
    expect(of(diagnosis, 'disk')?.found).toContain('a day');
  });

  it('tells how often DataForSEO contradicted itself, which is no fault of anything here', async () => {
    const bench = await openBench({ tasks: 100 });
    await bench.backfill();
    expect(of(await diagnose(bench), 'doubts')).toMatchObject({ verdict: 'ok' });
    withDatabase(bench.path, {}, (database) =>
      database.exec(`insert into doubt (api, kind, since, until, seen_at, detail, fingerprint)
        select 1, 'moved', since, since + 1, 0, '', 'f' from segment limit 1`),
    );
    const diagnosis = await diagnose(bench);
    expect(diagnosis.ok).toBe(true);
    expect(of(diagnosis, 'doubts')).toMatchObject({
      verdict: 'note',
      found: 'In 1 place DataForSEO contradicted itself; report doubts says where.',
    });
  });

  it('does not take the daemon of another ledger for that of a ledger which has its own', async () => {
    const bench = await openBench({ tasks: 100 });
    const controller = new AbortController();
    const running = bench.app().run(controller.signal);
    while (!bench.logged.some((line) => line.includes('"state":"idle"'))) await new Promise(setImmediate);
    const port = /127\.0\.0\.1:(\d+)\b.*the status page is there/.exec(bench.logged.join(''))?.[1];
    const other = join(bench.folder, 'other.db');
    const asked = async (holder: string) => {
      const lock = takeLock(other, holder);
      const diagnosis = await diagnose(bench, { LEDGER_HTTP_PORT: port ?? '', LEDGER_DATABASE: other });
      lock.release();
      return of(diagnosis, 'page')?.found;
    };
    const place = `answers at 127.0.0.1, port ${port}`;
    expect(await asked(`process ${process.pid + 1} on ${hostname()}, since 2026-01-01 00:00:00 UTC`)).toBe(
      `The daemon of another ledger ${place}.`,
    );
    for (const unknown of [
      `process ${process.pid} on ${hostname()}-2, since 2026-01-01 00:00:00 UTC`,
      `process ${process.pid + 1} on ${hostname()}, which brings the ledger up to date`,
    ])
      expect(await asked(unknown)).toBe(
        `A daemon ${place}; whether it is that of this ledger cannot be told from here.`,
      );
    controller.abort(new Error('done'));
    await running;
  });

  it('tells a refused account from a server that cannot be reached, and looks at the rest all the same', async () => {
    const bench = await openBench({ tasks: 100 });
    bench.simulator.set({ refusals: { account: 40200 } });
    const refused = await diagnose(bench);
    expect(refused).toMatchObject({ ok: false, refused: true });
    expect(of(refused, 'account')?.todo).toContain('Add funds');
    const lost = await diagnose(bench, { DATAFORSEO_URL: 'http://127.0.0.1:1' });
    expect(lost).toMatchObject({ ok: false, refused: false });
    expect(complaints(lost)).toEqual(['disk skipped', 'account fail', 'balance skipped', 'clock skipped']);
  });

  it("repeats the server's words without the blank before their full stop, as status and the log do", async () => {
    const bench = await openBench({ tasks: 100 });
    const account = { DATAFORSEO_PASSWORD: 'another one' };
    const controller = new AbortController();
    const running = bench.app(account).run(controller.signal);
    while (!bench.logged.some((line) => line.includes('"state":"parked"'))) await new Promise(setImmediate);
    controller.abort(new Error('done'));
    await running;
    const told = [
      bench.app(account).status().lastFailure?.message,
      ...bench.logged,
      JSON.stringify(await diagnose(bench, account)),
    ];
    expect(told.filter((each) => each?.includes('https://app.dataforseo.com/api-access')).length).toBeGreaterThan(3);
    expect(told.filter((each) => each?.includes('api-access .'))).toEqual([]);
    // What the journal keeps is to the letter.
    expect(bench.rows('select message from call')[0]?.['message']).toMatch(/api-access \.$/);
  });

  it('finds a page that was overwritten, also where all that it reads itself is whole, and says what to do', async () => {
    const bench = await openBench({ tasks: 2_000 });
    await bench.backfill();
    expect(of(await diagnose(bench), 'file')).toEqual({
      check: 'file',
      verdict: 'ok',
      found: 'Its pages are whole; verify looks further.',
      todo: null,
    });
    const file = openSync(bench.path, 'r+');
    writeSync(file, Buffer.alloc(4_096, 0xa5), 0, 4_096, Math.floor(statSync(bench.path).size / 8_192) * 4_096);
    closeSync(file);
    const diagnosis = await diagnose(bench);
    expect(diagnosis.ok).toBe(false);
    expect(of(diagnosis, 'file')).toMatchObject({
      verdict: 'fail',
      found: expect.stringMatching(/^It is damaged: /) as string,
      todo: expect.stringContaining('restore a backup') as string,
    });
  });

  it('finds what a ledger of another login, a foreign file and a folder that is none lack', async () => {
    const bench = await openBench({ tasks: 100 });
    await bench.backfill();
    const other = await diagnose(bench, { DATAFORSEO_LOGIN: 'somebody@else.example' });
    expect(of(other, 'ledger')).toMatchObject({ verdict: 'fail' });
    expect(of(other, 'ledger')?.found).toContain('another DataForSEO login');
    const foreign = join(bench.folder, 'letters.txt');
    writeFileSync(foreign, 'Dear Sir or Madam, this is no ledger at all, and never was one.');
    expect(of(await diagnose(bench, { LEDGER_DATABASE: foreign }), 'ledger')).toMatchObject({ verdict: 'fail' });
    const within = await diagnose(bench, { LEDGER_DATABASE: join(foreign, 'ledger.db') });
    expect(within.ok).toBe(false);
    expect(existsSync(join(foreign, 'ledger.db'))).toBe(false);
  });

  it('warns of a token that others can read, beyond loopback', async () => {
    const bench = await openBench({ tasks: 10 });
    const beyond = { LEDGER_HTTP_HOST: '0.0.0.0' };
    const file = join(bench.folder, 'http-token');
    writeFileSync(file, 'hush-hush-token');
    chmodSync(file, 0o644);
    const diagnosis = await diagnose(bench, beyond);
    expect(complaints(diagnosis)).toContain('token warn');
    expect(JSON.stringify(diagnosis)).not.toContain('hush-hush-token');
    expect(complaints(await diagnose(bench, { ...beyond, LEDGER_HTTP_TOKEN: 'from-settings' }))).not.toContain(
      'token warn',
    );
    // Without credentials no secret is read, and so nobody knows whether the settings have one.
    const problems = ['DATAFORSEO_LOGIN is not set.'];
    expect(of(await diagnose(bench, beyond, { problems }), 'token')?.verdict).toBe('skipped');
  });

  it('sends a trial only when it is asked to, and says whether it was taken', async () => {
    const chat = await startScriptedServer();
    onTestFinished(() => chat.stop());
    chat.otherwise(text('ok'));
    const bench = await openBench({ tasks: 10 });
    const settings = { LEDGER_ALERT_URL: `${chat.url}/services/s3cret` };
    expect(of(await diagnose(bench, settings), 'alerts')?.found).toContain('nothing was sent');
    expect(chat.requests).toEqual([]);
    const taken = await diagnose(bench, settings, { sendTestAlert: true });
    expect(of(taken, 'alerts')).toMatchObject({ verdict: 'ok', found: 'The receiver has taken a trial.' });
    expect(JSON.parse(chat.requests[0]?.body ?? '')).toMatchObject({
      alert: 'trial',
      text: expect.stringContaining('trial') as string,
    });
    chat.otherwise(text('no_service', { status: 404 }));
    const refused = await diagnose(bench, settings, { sendTestAlert: true });
    expect(of(refused, 'alerts')).toMatchObject({
      verdict: 'fail',
      found: 'The receiver has not taken a trial (HTTP 404).',
    });
    const unset = await diagnose(bench, {}, { sendTestAlert: true });
    expect(of(unset, 'alerts')).toMatchObject({ verdict: 'fail' });
    expect(JSON.stringify([taken, refused])).not.toContain('s3cret');
  });

  it('shows no secret, whatever is wrong', async () => {
    const bench = await openBench({ tasks: 10, password: 'another one' });
    mkdirSync(bench.path);
    const diagnosis = await diagnose(bench);
    expect(diagnosis).toMatchObject({ ok: false, refused: true });
    bench.expectNoSecretIn(JSON.stringify(diagnosis));
  });
});
