import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createReader, type ReaderOptions } from '../../src/http/reader/reader.ts';
import { openLedger } from '../../src/ledger/ledger.ts';
import { createLogger } from '../../src/log.ts';
import { NOW, policy, withDatabase } from '../support/ledger.ts';

function reader(over: Partial<ReaderOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-reader-'));
  const path = join(folder, 'ledger.db');
  openLedger({ path, login: 'me', pid: 1, now: NOW }).close();
  const logged: string[] = [];
  const log = createLogger({ level: 'info', secrets: [], destination: { write: (line) => void logged.push(line) } });
  const terms = { path, apis: ['backlinks'], policy, lagMs: 30_000, tailPeriodMs: 60_000, version: '1' };
  const made = createReader({ terms, said: () => null, log, patienceMs: 20_000, ...over });
  onTestFinished(async () => {
    await made.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { ...made, path, logged };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

describe('the thread that reads', () => {
  it('answers in the order of the questions', async () => {
    const { ask } = reader();
    const answers = await Promise.all([
      ask({ kind: 'status' }),
      ask({ kind: 'calls' }),
      ask({ kind: 'strips' }),
      ask({ kind: 'task', id: 'x' }),
    ]);
    expect(answers.map((body) => (body === null ? null : Object.keys(JSON.parse(body) as object)[0]))).toEqual([
      'state',
      'at',
      'at',
      null,
    ]);
  });

  it('leaves this thread free while it works', async () => {
    const { ask, path } = reader();
    await ask({ kind: 'status' });
    // Hundreds of thousands of calls of the last hour: a question that takes its time.
    withDatabase(path, {}, (database) => {
      database.exec(`insert into boot (id, name) values (1, 'b');
        insert into api (id, name) values (1, 'backlinks') on conflict do nothing;
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 300000)
        insert into doubt (api, kind, since, until, seen_at, detail, fingerprint) select 1, 'moved', i, i + 1, 0, '', i from n;`);
    });
    let free = 0;
    const answer = ask({ kind: 'status' });
    const done = answer.then(() => true);
    while (!(await Promise.race([done, turns().then(() => false)]))) free += 1;
    expect(free).toBeGreaterThan(3);
  });

  it('that takes too long is given up, and the next question has a new one', async () => {
    const { ask, logged } = reader({ patienceMs: 1 });
    await expect(ask({ kind: 'status' })).rejects.toMatchObject({ code: 'slow' });
    await expect(ask({ kind: 'status' })).rejects.toMatchObject({ code: 'slow' });
    expect(logged.join('')).toContain('a question to the ledger was given up');
  });

  it('that has met a damaged file opens it anew for the next question', async () => {
    const { ask, path } = reader();
    await ask({ kind: 'status' });
    withDatabase(path, {}, (database) => database.exec('alter table tally rename to tally_away'));
    await expect(ask({ kind: 'status' })).rejects.toMatchObject({
      code: 'fault',
      message: expect.stringContaining('tally') as string,
    });
    withDatabase(path, {}, (database) => database.exec('alter table tally_away rename to tally'));
    expect(await ask({ kind: 'status' })).toContain('"state"');
  });

  it('has no room for more than 64 that wait', async () => {
    const { ask } = reader();
    const asked = Array.from({ length: 70 }, () =>
      ask({ kind: 'calls' }).then(
        () => 'answered',
        (error: unknown) => (error as { code: string }).code,
      ),
    );
    const ends = await Promise.all(asked);
    expect(ends.filter((end) => end === 'busy')).toHaveLength(5);
    expect(ends.filter((end) => end === 'answered')).toHaveLength(65);
  });

  it('that is stopped leaves no question without an answer', async () => {
    const { ask, stop } = reader();
    const asked = [ask({ kind: 'status' }), ask({ kind: 'status' })].map((each) =>
      each.catch((error: unknown) => (error as { code: string }).code),
    );
    await stop();
    expect(await Promise.all(asked)).toEqual(['died', 'died']);
  });
});
