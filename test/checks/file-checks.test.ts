import { chmodSync, chownSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { checkFileSystem, checkFolder, checkToken, checkWal } from '../../src/checks/file-checks.ts';
import { CAN_MOUNT, makeReadOnly } from '../support/mounts.ts';

const IS_ROOT = userInfo().uid === 0;

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-doctor-'));
  path = join(folder, 'ledger.db');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

describe('the folder', () => {
  it('is well when it can be written into, or made', () => {
    expect(checkFolder(path)).toMatchObject({ verdict: 'ok', found: `${folder} can be written into.` });
    const deeper = join(folder, 'a', 'b', 'ledger.db');
    expect(checkFolder(deeper)).toMatchObject({
      verdict: 'ok',
      found: `${join(folder, 'a', 'b')} is not there yet; the first start makes it.`,
    });
  });

  it.skipIf(!CAN_MOUNT)('that is read-only fails, also where it would have to be made', () => {
    makeReadOnly(folder);
    for (const file of [path, join(folder, 'a', 'ledger.db')])
      expect(checkFolder(file)).toMatchObject({ verdict: 'fail', todo: expect.stringContaining(`chown`) as string });
  });

  it.skipIf(!CAN_MOUNT)('with a file that cannot be written fails and names it', () => {
    writeFileSync(path, '');
    writeFileSync(`${path}-wal`, '');
    makeReadOnly(`${path}-wal`);
    expect(checkFolder(path)).toMatchObject({
      verdict: 'fail',
      found: expect.stringContaining(`${path}-wal`) as string,
    });
  });

  it.skipIf(!IS_ROOT)('with a ledger of another user is warned of', () => {
    writeFileSync(path, '');
    expect(checkFolder(path).verdict).toBe('ok');
    chownSync(path, 4_242, 4_242);
    expect(checkFolder(path)).toMatchObject({ verdict: 'warn', found: expect.stringContaining('4242') as string });
  });
});

describe('the file system', () => {
  it('of this machine is well', () => {
    expect(checkFileSystem(path).verdict).toBe('ok');
  });
});

describe('the WAL', () => {
  it('is well while it is small, and warned of when a reader keeps it from being merged', () => {
    expect(checkWal(path).verdict).toBe('ok');
    writeFileSync(`${path}-wal`, '');
    truncateSync(`${path}-wal`, 255_000_000);
    expect(checkWal(path).verdict).toBe('ok');
    truncateSync(`${path}-wal`, 300_000_000);
    expect(checkWal(path)).toMatchObject({ verdict: 'warn', found: expect.stringContaining('300 MB') as string });
  });
});

describe('the token', () => {
  it('is well for this user only, and warned of when others can read it', () => {
    const file = join(folder, 'http-token');
    const beyond = { isSet: false, isLoopback: false };
    expect(checkToken(file, beyond)).toMatchObject({
      verdict: 'ok',
      found: `The page asks for one; the first start makes it, at ${file}.`,
    });
    writeFileSync(file, 'hush', { mode: 0o600 });
    expect(checkToken(file, beyond)).toMatchObject({
      verdict: 'ok',
      found: `The page asks for the one in ${file}, which only this user can read.`,
    });
    chmodSync(file, 0o640);
    expect(checkToken(file, beyond)).toMatchObject({ verdict: 'warn', todo: `chmod 600 ${file}` });
  });

  it('of the settings is asked for everywhere, and none is on loopback without one', () => {
    const file = join(folder, 'http-token');
    const found = (isSet: boolean, isLoopback: boolean) => checkToken(file, { isSet, isLoopback }).found;
    expect(found(true, false)).toBe('The page asks for the one of the settings.');
    expect(found(true, true)).toBe('The page asks for the one of the settings.');
    expect(found(false, true)).toBe('The page asks for none, as only this machine reaches it.');
  });
});
