import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openForReading, openForWriting } from '../../src/ledger/database.ts';
import { migrate, readMigrations } from '../../src/ledger/migrate.ts';
import { upgradeLedger } from '../../src/ledger/upgrade.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { FIXTURE_APIS, FIXTURE_LOGIN, fixtureBytes, fixtureViews, placeFixture } from '../support/fixtures.ts';
import { tempLedger, withDatabase, type TempLedger } from '../support/ledger.ts';

/** Every ledger of an earlier schema: they never change, so neither do these. */
const FIXTURES = [
  {
    name: 'schema-0001',
    schema: 1,
    db: '1d28e65ee4d101baf33614e983f8b84d551e807a1920d36d4aa16a13ae404293',
    json: 'dbf564a0528ae5c601fbde30d5414a1016fcf688fa49f7b3d5e6769661d2af4c',
  },
] as const;

const NEWEST = readMigrations().length;

function upgrade(path: string): Promise<void> {
  return upgradeLedger({ path, log: { info: () => undefined } }, new AbortController().signal);
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** No view promises an order. */
const inOneOrder = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();

/** Views may gain columns at their end: what they had must still be there, in every row. */
function expectViewsAsTheyWere(temp: TempLedger, name: string): void {
  for (const [view, before] of Object.entries(fixtureViews(name).views)) {
    const columns = Object.keys(before[0] ?? {}).join(', ');
    expect(inOneOrder(temp.rows(`select ${columns} from ${view}`)), view).toEqual(inOneOrder(before));
  }
}

async function expectVerified(path: string, now: number): Promise<void> {
  const database = openForReading(path);
  try {
    const terms = { apis: FIXTURE_APIS, wallNow: now, onProgress: () => undefined };
    const { ok, problems, verified } = await verifyLedger(database, terms, new AbortController().signal);
    expect({ ok, problems }).toEqual({ ok: true, problems: [] });
    expect(
      Math.min(verified.tasks, verified.calls, verified.changes, verified.walks, verified.digests),
    ).toBeGreaterThan(0);
  } finally {
    database.close();
  }
}

/** All that a file holds, table by table. */
function contentOf(path: string): Record<string, unknown> {
  return withDatabase(path, { readonly: true }, (database) => {
    const tables = database
      .prepare<[], string>(`select name from sqlite_schema where type = 'table' order by name`)
      .pluck()
      .all();
    const rows = tables.map((name) => [name, database.prepare<[]>(`select * from "${name}"`).raw().all()] as const);
    const schema = database.prepare('select type, name, sql from sqlite_schema order by type, name').raw().all();
    const content: Record<string, unknown> = Object.fromEntries(rows);
    return { ...content, schema, version: database.pragma('user_version', { simple: true }) };
  });
}

describe.each(FIXTURES)('a ledger of $name', ({ name, schema, db, json }) => {
  it('is the one that was made then', () => {
    expect([sha256(fixtureBytes(`${name}.db.gz`)), sha256(fixtureBytes(`${name}.json.gz`))]).toEqual([db, json]);
    const temp = tempLedger();
    placeFixture(name, temp.path);
    expect(temp.value('pragma user_version')).toBe(schema);
  });

  it('holds every kind of row', () => {
    const temp = tempLedger();
    placeFixture(name, temp.path);
    const kinds = (sql: string) => temp.rows(sql).map((row) => Object.values(row)[0]);
    expect(kinds('select distinct state from tasks order by 1')).toEqual([
      'empty',
      'failed',
      'finished',
      'partial',
      'pending',
    ]);
    expect(kinds('select distinct metadata_state from tasks order by 1')).toEqual(['held', 'lost', 'none', 'pending']);
    expect(kinds('select distinct field from task_changes order by 1')).toEqual(['cost', 'done', 'status']);
    const least = [
      'refused_width', 'fact', 'doubt', 'loss', 'gap', 'walk_row', 'walk where finished_at is null', 'segment where settled_at is null',
      'call where token_back_mono_ms is null', 'call where throttled = 1', `call where code = 'timeout'`, 'task where extra is not null',
    ]; // prettier-ignore
    for (const from of least) expect(temp.value(`select count(*) from ${from}`), from).toBeGreaterThan(0);
  });

  it('opens with every row of its views as it was, and passes verify', async () => {
    const temp = tempLedger();
    placeFixture(name, temp.path);
    await upgrade(temp.path);
    expect(temp.value('pragma user_version')).toBe(NEWEST);
    expectViewsAsTheyWere(temp, name);
    await expectVerified(temp.path, fixtureViews(name).madeAt);
  });

  it('is still the ledger of its account, and its open walks go on', async () => {
    const temp = tempLedger();
    placeFixture(name, temp.path);
    await upgrade(temp.path);
    expect(() => temp.open({ login: 'someone@else.example' })).toThrow(/another DataForSEO login/);
    const ledger = temp.open({ login: FIXTURE_LOGIN });
    expect(ledger.openWalks().length).toBeGreaterThan(0);
    expect(ledger.journal.newestCall()).toBe(temp.value('select max(id) from call'));
  });

  it('that a kill left with a log which was never merged back opens whole too', async () => {
    const temp = tempLedger();
    const source = join(temp.folder, 'source.db');
    placeFixture(name, source);
    withDatabase(source, {}, (database) => {
      database.pragma('wal_autocheckpoint = 0');
      database.exec(`update task set extra = '{"touched":true}' where n = 1`);
      for (const suffix of ['', '-wal', '-shm']) {
        if (existsSync(`${source}${suffix}`)) copyFileSync(`${source}${suffix}`, `${temp.path}${suffix}`);
      }
    });
    await upgrade(temp.path);
    expect(temp.value('select extra from task where n = 1')).toBe('{"touched":true}');
    expect(temp.value('pragma integrity_check')).toBe('ok');
    await expectVerified(temp.path, fixtureViews(name).madeAt);
  });

  it('is as it was, row for row, after a migration that fails in the middle', async () => {
    const temp = tempLedger();
    placeFixture(name, temp.path);
    await upgrade(temp.path);
    const before = contentOf(temp.path);
    const sql = `
      alter table task add column extra_column text;
      update task set cost_micros = 1, tag = 'spoilt';
      delete from call where id % 2 = 0;
      drop view calls;
      create table half_way (id integer primary key) strict;
      insert into half_way select n from task;
      insert into half_way select n from task;`;
    const database = openForWriting(temp.path);
    const spoilt = { number: NEWEST + 1, name: '9999_spoilt.sql', sql };
    expect(() => migrate(database, [...readMigrations(), spoilt], NEWEST)).toThrow(/9999_spoilt.*as it was/);
    database.close();
    expect(contentOf(temp.path)).toEqual(before);
    expectViewsAsTheyWere(temp, name);
    await expectVerified(temp.path, fixtureViews(name).madeAt);
  });
});

it('there is a line in this test for every ledger among the fixtures', () => {
  const files = readdirSync(new URL('../fixtures/', import.meta.url)).filter((file) => file.endsWith('.db.gz'));
  expect(files.sort()).toEqual(FIXTURES.map(({ name }) => `${name}.db.gz`));
});
