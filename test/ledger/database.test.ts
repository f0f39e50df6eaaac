import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { LedgerError } from '../../src/domain/errors.ts';
import { asLedgerError, openForReading, openForWriting } from '../../src/ledger/database.ts';
import { openLedger, type Ledger } from '../../src/ledger/ledger.ts';
import { APPLICATION_ID, fileKind, migrate, readMigrations } from '../../src/ledger/migrate.ts';
import { asRow, HOUR, listed, NOW, readSlice, sliceOf, tempLedger, withDatabase } from '../support/ledger.ts';

const NEWEST = readMigrations().length;

function refusalOf(work: () => unknown): LedgerError {
  try {
    work();
  } catch (error) {
    if (error instanceof LedgerError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** A file as a kill leaves it, if it was in WAL mode: nothing of its log has been merged back. */
function copyAsKilled(from: string, to: string) {
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(`${from}${suffix}`)) copyFileSync(`${from}${suffix}`, `${to}${suffix}`);
  }
}

describe('a ledger', () => {
  it('is made where there is none, folders included, and says in its header what it is', () => {
    const temp = tempLedger();
    const path = join(temp.folder, 'deep', 'er', 'ledger.db');
    mkdirSync(join(temp.folder, 'deep', 'er'), { recursive: true });
    openForWriting(path).close();
    withDatabase(path, { readonly: true }, (database) => {
      expect(fileKind(database)).toEqual({ kind: 'ledger', schemaVersion: NEWEST });
      expect(database.pragma('application_id', { simple: true })).toBe(APPLICATION_ID);
      expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
      expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    });
  });

  it('is durable to the last commit', () => {
    const database = openForWriting(tempLedger().path);
    expect(database.pragma('synchronous', { simple: true })).toBe(2);
    expect(database.pragma('foreign_keys', { simple: true })).toBe(1);
    database.close();
  });

  it('is the same after it was opened again', () => {
    const temp = tempLedger();
    const ledger = temp.open();
    readSlice(ledger, sliceOf(NOW - 2 * HOUR, NOW - HOUR), [asRow(listed('a', NOW - 2 * HOUR))]);
    ledger.close();
    const before = temp.rows('select * from tasks');
    const schema = temp.rows('select * from sqlite_schema');
    temp.open().close();
    expect(temp.rows('select * from tasks')).toEqual(before);
    expect(temp.rows('select * from sqlite_schema')).toEqual(schema);
  });

  it('says at its end whether the file alone is the ledger: not while somebody reads', () => {
    const temp = tempLedger();
    const ledger = temp.open();
    readSlice(ledger, sliceOf(NOW - 2 * HOUR, NOW - HOUR), [asRow(listed('a', NOW - 2 * HOUR))]);
    const reader = openForReading(temp.path);
    reader.exec('begin');
    reader.prepare('select count(*) from task').get();
    ledger.tryWrite();
    readSlice(ledger, sliceOf(NOW - HOUR, NOW - HOUR / 2), [asRow(listed('b', NOW - HOUR))]);
    expect(ledger.close()).toBe(false);
    reader.close();
    expect(temp.open().close()).toBe(true);
  });

  it.skipIf(spawnSync('sqlite3', ['--version']).status !== 0)(
    'keeps its log while it is open here, though it was looked at here and closed by another process',
    () => {
      const { path } = tempLedger();
      const writer = openForWriting(path);
      try {
        openForReading(path).close();
        const count = () =>
          Number(spawnSync('sqlite3', [path, 'select count(*) from meta'], { encoding: 'utf8' }).stdout);
        const before = count();
        expect(before).toBeGreaterThanOrEqual(0);
        expect(existsSync(`${path}-wal`)).toBe(true);
        writer.prepare(`insert into meta (key, value) values ('visited', 'yes')`).run();
        expect(count()).toBe(before + 1);
      } finally {
        writer.close();
      }
    },
  );

  it('of a newer version is refused, both versions are named, and no byte of it changes', () => {
    const temp = tempLedger();
    openForWriting(temp.path).close();
    temp.exec(`pragma user_version = ${NEWEST + 3}`);
    const before = readFileSync(temp.path);
    for (const open of [() => temp.open(), () => openForReading(temp.path)]) {
      const refusal = refusalOf(open);
      expect(refusal.code).toBe('newer_schema');
      expect(refusal.message).toContain(`schema ${NEWEST + 3}`);
      expect(refusal.message).toContain(`up to ${NEWEST}`);
      expect(readFileSync(temp.path).equals(before)).toBe(true);
    }
  });

  it('of a newer version whose log was never merged back is refused untouched too', () => {
    const temp = tempLedger();
    const database = openForWriting(temp.path);
    database.exec(`pragma user_version = ${NEWEST + 1}`);
    const copy = join(temp.folder, 'killed.db');
    copyAsKilled(temp.path, copy);
    database.close();
    const before = ['', '-wal'].map((suffix) => readFileSync(`${copy}${suffix}`));
    expect(refusalOf(() => openForWriting(copy)).code).toBe('newer_schema');
    expect(['', '-wal'].map((suffix, index) => readFileSync(`${copy}${suffix}`).equals(before[index]!))).toEqual([
      true,
      true,
    ]);
  });

  it('of an older version is not read before a writer has brought it up to date', () => {
    const temp = tempLedger();
    openForWriting(temp.path).close();
    temp.exec(`pragma user_version = ${NEWEST - 1}`);
    expect(refusalOf(() => openForReading(temp.path)).code).toBe('older_schema');
  });

  it('that is not there cannot be read', () => {
    expect(refusalOf(() => openForReading(tempLedger().path)).code).toBe('missing');
  });

  it('that a kill left before its first migration is made anew', () => {
    const temp = tempLedger();
    withDatabase(temp.path, {}, (database) => void database.pragma('journal_mode = wal'));
    expect(refusalOf(() => openForReading(temp.path)).code).toBe('missing');
    openForWriting(temp.path).close();
    expect(temp.value('pragma user_version')).toBe(NEWEST);
  });

  it('of no byte is made anew', () => {
    const temp = tempLedger();
    writeFileSync(temp.path, '');
    openForWriting(temp.path).close();
    expect(temp.value('pragma user_version')).toBe(NEWEST);
  });

  it('that is damaged is said to be, with what to do', () => {
    const temp = tempLedger();
    openForWriting(temp.path).close();
    const bytes = readFileSync(temp.path);
    bytes.fill(0xff, 100, 4096);
    writeFileSync(temp.path, bytes);
    const refusal = refusalOf(() => temp.open());
    expect(refusal.code).toBe('broken');
    expect(refusal.hint).toContain('backup');
  });
});

describe('a backup that is put beside the log of a crash', () => {
  it('is refused untouched, by readers too, until the log is put away', () => {
    const temp = tempLedger();
    const ledger = temp.open();
    readSlice(ledger, sliceOf(NOW - 2 * HOUR, NOW - HOUR), [asRow(listed('a', NOW - 2 * HOUR))]);
    const crashed = join(temp.folder, 'crashed.db');
    copyAsKilled(temp.path, crashed);
    ledger.close();
    const backup = join(temp.folder, 'backup.db');
    withDatabase(temp.path, {}, (database) => database.exec(`vacuum into '${backup}'`));
    expect(existsSync(`${crashed}-wal`)).toBe(true);
    copyFileSync(backup, crashed);
    const log = readFileSync(`${crashed}-wal`);
    const file = readFileSync(crashed);
    for (const open of [openForReading, openForWriting])
      expect(refusalOf(() => open(crashed))).toMatchObject({
        code: 'broken',
        message: expect.stringContaining('lies the log of another file') as string,
      });
    expect(readFileSync(crashed).equals(file) && readFileSync(`${crashed}-wal`).equals(log)).toBe(true);
    for (const suffix of ['-wal', '-shm']) rmSync(`${crashed}${suffix}`);
    openForReading(crashed).close();
  });
});

describe('a file that is no ledger', () => {
  it('but another database is refused untouched', () => {
    const temp = tempLedger();
    withDatabase(
      temp.path,
      {},
      (database) => void database.exec('create table invoice (id integer); insert into invoice values (1)'),
    );
    const before = readFileSync(temp.path);
    for (const open of [() => temp.open(), () => openForReading(temp.path)]) {
      expect(refusalOf(open).code).toBe('not_a_ledger');
      expect(readFileSync(temp.path).equals(before)).toBe(true);
    }
    expect(readdirSync(temp.folder)).toEqual(['ledger.db']);
  });

  it("but another program's database in WAL mode is refused untouched, and nothing is left beside it", () => {
    const temp = tempLedger();
    withDatabase(temp.path, {}, (database) => {
      database.pragma('journal_mode = wal');
      database.exec('create table invoice (id integer)');
    });
    const before = readFileSync(temp.path);
    for (const open of [() => temp.open(), () => openForReading(temp.path)]) {
      expect(refusalOf(open).code).toBe('not_a_ledger');
      expect(readdirSync(temp.folder)).toEqual(['ledger.db']);
      expect(readFileSync(temp.path).equals(before)).toBe(true);
    }
  });

  it('but another database whose log was never merged back is refused too', () => {
    const temp = tempLedger();
    const other = join(temp.folder, 'other.db');
    withDatabase(other, {}, (database) => {
      database.pragma('journal_mode = wal');
      database.exec('create table invoice (id integer)');
      copyAsKilled(other, temp.path);
    });
    expect(refusalOf(() => temp.open()).code).toBe('not_a_ledger');
    expect(existsSync(`${temp.path}.lock`)).toBe(false);
  });

  it("but another program's database without tables is refused untouched", () => {
    const temp = tempLedger();
    withDatabase(temp.path, {}, (database) => void database.exec('pragma application_id = 252006673; vacuum'));
    const before = readFileSync(temp.path);
    expect(refusalOf(() => temp.open()).code).toBe('not_a_ledger');
    expect(readFileSync(temp.path).equals(before)).toBe(true);
  });

  it.each([
    ['a text', 'These are the accounts of last year, and nothing else.\n'.repeat(200)],
    ['a short text', 'notes\n'],
  ])('but %s is refused untouched', (_name, text) => {
    const temp = tempLedger();
    writeFileSync(temp.path, text);
    for (const open of [() => temp.open(), () => openForReading(temp.path)]) {
      expect(refusalOf(open).code).toBe('not_a_ledger');
      expect(readFileSync(temp.path, 'utf8')).toBe(text);
    }
  });

  // Node's own way to make a folder and those above it never returns in the first of them.
  it.skipIf(process.platform !== 'linux').each(['/proc/none/ledger.db', '/proc/none/of/these/ledger.db'])(
    'but %s, where no folder can be made, is refused at once',
    (path) => {
      const ledger = new URL('../../src/ledger/ledger.ts', import.meta.url).href;
      const open = `const { openLedger } = await import(${JSON.stringify(ledger)});
        try { openLedger({ path: ${JSON.stringify(path)}, login: 'me', pid: 1, now: 0 }); } catch (error) { console.log(error.code); }`;
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', open], {
        encoding: 'utf8',
        timeout: 20_000,
        killSignal: 'SIGKILL',
      });
      expect(stdout).toBe('unwritable\n');
    },
    30_000,
  );

  it('makes the folders above it, one in another', () => {
    const temp = tempLedger();
    const path = join(temp.folder, 'one', 'two', 'ledger.db');
    openLedger({ path, login: 'me', pid: process.pid, now: NOW }).close();
    expect(existsSync(path)).toBe(true);
  });

  it('but a folder is refused, and said to be one', () => {
    const temp = tempLedger();
    mkdirSync(temp.path);
    for (const open of [() => temp.open(), () => openForReading(temp.path)]) {
      const { code, message, hint } = refusalOf(open);
      expect([code, message]).toEqual(['not_a_ledger', `${temp.path} is a folder, not a file.`]);
      expect(hint).toContain(join(temp.path, 'ledger.db'));
    }
    expect(readdirSync(temp.folder)).toEqual(['ledger.db']);
  });
});

describe("a reader's failure", () => {
  it('is said to be one of reading', () => {
    const temp = tempLedger();
    const refusal = asLedgerError(temp.path, new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_READ'), 'read');
    expect(refusal).toMatchObject({ code: 'unreadable', message: expect.stringContaining('cannot be read') as string });
  });
});

describe('a migration', () => {
  const [first] = readMigrations();

  it('that fails leaves the file as it was before it', () => {
    const temp = tempLedger();
    const database = openForWriting(temp.path);
    const dump = () => JSON.stringify(database.prepare('select * from sqlite_schema').all());
    const before = dump();
    const broken = {
      number: NEWEST + 1,
      name: '9999_broken.sql',
      sql: 'create table extra (id integer); select nonsense',
    };
    const refusal = refusalOf(() => {
      migrate(database, [...readMigrations(), broken], NEWEST);
    });
    expect(refusal.code).toBe('broken');
    expect(refusal.message).toContain('9999_broken.sql');
    expect(dump()).toBe(before);
    expect(database.pragma('user_version', { simple: true })).toBe(NEWEST);
    expect(database.inTransaction).toBe(false);
    database.close();
  });

  it("that fails as the first leaves a file that is still nobody's", () => {
    const temp = tempLedger();
    withDatabase(temp.path, {}, (database) => {
      const broken = { ...first!, sql: `${first!.sql}; select nonsense` };
      expect(refusalOf(() => { migrate(database, [broken], 0); }).code).toBe('broken'); // prettier-ignore
      expect(fileKind(database)).toEqual({ kind: 'new' });
    });
  });

  it('is run once, in the order of its number', () => {
    const temp = tempLedger();
    const ran = (number: number) => ({
      number,
      name: `${number}`,
      sql: `insert into meta values ('ran ${number}', '')`,
    });
    const database = openForWriting(temp.path);
    migrate(database, [...readMigrations(), ran(NEWEST + 1), ran(NEWEST + 2)], NEWEST);
    migrate(database, [...readMigrations(), ran(NEWEST + 1), ran(NEWEST + 2)], NEWEST + 2);
    expect(database.prepare("select key from meta where key like 'ran %' order by key").pluck().all()).toEqual([
      `ran ${NEWEST + 1}`,
      `ran ${NEWEST + 2}`,
    ]);
    database.close();
  });

  it('is numbered without a hole', () => {
    const temp = tempLedger();
    writeFileSync(join(temp.folder, '0001_a.sql'), '');
    writeFileSync(join(temp.folder, '0003_c.sql'), '');
    writeFileSync(join(temp.folder, 'notes.txt'), '');
    expect(refusalOf(() => readMigrations(new URL(`file://${temp.folder}/`))).code).toBe('broken');
    rmSync(join(temp.folder, '0003_c.sql'));
    expect(readMigrations(new URL(`file://${temp.folder}/`)).map(({ number }) => number)).toEqual([1]);
  });
});

describe('one ledger is one account', () => {
  const account = "select value from meta where key = 'account'";
  const readPage = (ledger: Ledger) =>
    readSlice(ledger, sliceOf(NOW - 2 * HOUR, NOW - HOUR), [asRow(listed('a', NOW - 2 * HOUR))]);

  it('that binds it with its first page, as a salted hash', () => {
    const bounds = [tempLedger(), tempLedger()].map((temp) => {
      readPage(temp.open());
      return String(temp.value(account));
    });
    expect(bounds).toEqual([expect.stringMatching(/^[0-9a-f]{32}:[0-9a-f]{64}$/), expect.anything()]);
    expect(bounds[0]).not.toBe(bounds[1]);
  });

  it('and one that the server never let in leaves it to the next', () => {
    const temp = tempLedger();
    temp.open({ login: 'mistyped@else.example' }).close();
    expect(temp.value(account)).toBeUndefined();
    const ledger = temp.open();
    readPage(ledger);
    const bound = temp.value(account);
    ledger.close();
    readPage(temp.open());
    expect(temp.value(account)).toBe(bound);
  });

  it('and another login is refused with a hint, and can be followed by the right one', () => {
    const temp = tempLedger();
    const ledger = temp.open();
    readPage(ledger);
    ledger.close();
    const refusal = refusalOf(() => temp.open({ login: 'someone@else.example' }));
    expect(refusal.code).toBe('other_account');
    expect(refusal.hint).toContain('LEDGER_DATABASE');
    expect(`${refusal.message} ${refusal.hint}`).not.toContain('someone@else.example');
    temp.open().close();
  });
});
