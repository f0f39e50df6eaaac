import { statfsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readDisk } from '../../src/ledger/disk.ts';
import { CAN_MOUNT, mountDisk } from '../support/mounts.ts';
import {
  asRow,
  begunLedger,
  DAY,
  listed,
  NOW,
  readSlice,
  sliceOf,
  tempLedger,
  withDatabase,
} from '../support/ledger.ts';

const terms = { now: NOW, ledgerBytes: 100_000, tasks: 70, backlogCalls: 0 };

it('is projected from the tasks of the last seven whole days, whenever they were read', () => {
  const temp = begunLedger();
  const { ledger } = temp;
  const days = [0, 1, 1, 2, 7, 7, 7, 8, 9];
  const rows = days.map((ago, n) => asRow(listed(`t${n}`, NOW - ago * DAY))).reverse();
  readSlice(ledger, sliceOf(NOW - 10 * DAY, NOW + 1000), rows);
  const look = () => withDatabase(temp.path, { readonly: true }, (db) => readDisk(db, { ...terms, path: temp.path }));
  // Six of seven days: yesterday, the day before, and the seventh.
  expect(look()?.bytesPerDay).toBe(Math.round((6 / 7) * 545 + 55_000));
  const { bavail, bsize } = statfsSync(temp.folder);
  expect(Math.abs((look()?.freeBytes ?? 0) - bavail * bsize)).toBeLessThan(500_000_000);
});

it.skipIf(!CAN_MOUNT)('is that of the file system which holds the ledger', () => {
  const temp = tempLedger();
  const disk = mountDisk(temp.folder, '20m');
  temp.open();
  const look = () => withDatabase(temp.path, { readonly: true }, (db) => readDisk(db, { ...terms, path: temp.path }));
  expect(look()).toMatchObject({ totalBytes: 20 * 2 ** 20, state: 'ok' });
  disk.resize('900k');
  expect(look()).toMatchObject({ totalBytes: 900 * 2 ** 10, state: 'low' });
});
