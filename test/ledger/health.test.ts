import { closeSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { lookThrough } from '../../src/ledger/health.ts';
import { asRow, HOUR, listed, NOW, readSlice, sliceOf, begunLedger } from '../support/ledger.ts';

const UNHURRIED = 20_000;
const WHOLE = { kind: 'looked', damages: [], broken: [], moreBroken: 0 };
const never = () => new AbortController().signal;

/** A ledger of a few hundred pages, closed. */
function closedLedger() {
  const temp = begunLedger();
  const tasks = Array.from({ length: 900 }, (_, index) => listed(`task-${index}`, NOW - HOUR + index * 1000));
  readSlice(temp.ledger, sliceOf(NOW - HOUR, NOW - HOUR / 2), tasks.map(asRow));
  temp.ledger.close();
  return temp;
}

describe('the pages of the file', () => {
  it('are whole, also beside a process that has the ledger open', async () => {
    const temp = closedLedger();
    expect(await lookThrough({ path: temp.path, depth: 'quick', boxMs: UNHURRIED }, never())).toEqual(WHOLE);
    temp.open();
    expect(await lookThrough({ path: temp.path, depth: 'quick', boxMs: UNHURRIED }, never())).toEqual(WHOLE);
  });

  it('are damaged where one was overwritten', async () => {
    const { path } = closedLedger();
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(8_192, 0xa5), 0, 8_192, Math.floor(statSync(path).size / 8_192) * 4_096);
    closeSync(file);
    const health = await lookThrough({ path, depth: 'whole', boxMs: UNHURRIED }, never());
    expect(health).toMatchObject({ kind: 'looked' });
    expect(health.kind === 'looked' ? health.damages.join() : '').toMatch(/page|btree|malformed/i);
  });

  it.each([
    ['quick', 0],
    ['whole', 20],
  ] as const)('and what refers to nothing: %s names %d of them and counts the others', async (depth, named) => {
    const { path } = closedLedger();
    const database = new Database(path);
    database.pragma('foreign_keys = off');
    database.exec('update task set status = 9999');
    database.close();
    const health = await lookThrough({ path, depth, boxMs: null }, never());
    if (health.kind !== 'looked') throw new Error(`It was not looked through: ${health.kind}`);
    expect([health.damages, health.broken.length, health.moreBroken]).toEqual([[], named, named === 0 ? 0 : 880]);
  });

  it('are no damage where there is no ledger to look at', async () => {
    const { folder } = closedLedger();
    const foreign = join(folder, 'letters.txt');
    writeFileSync(foreign, 'Dear Sir or Madam, this is no ledger at all, and never was one.');
    expect(await lookThrough({ path: foreign, depth: 'quick', boxMs: UNHURRIED }, never())).toMatchObject({
      kind: 'failed',
    });
    expect(
      await lookThrough({ path: join(folder, 'none.db'), depth: 'quick', boxMs: UNHURRIED }, never()),
    ).toMatchObject({
      kind: 'failed',
    });
  });

  it('are given up when the time is up, and at once when it is interrupted', async () => {
    const { path } = closedLedger();
    expect(await lookThrough({ path, depth: 'quick', boxMs: 1 }, never())).toEqual({ kind: 'unfinished' });
    const interrupted = new AbortController();
    const looking = lookThrough({ path, depth: 'whole', boxMs: UNHURRIED }, interrupted.signal);
    interrupted.abort(new Error('interrupted'));
    await expect(looking).rejects.toThrow('interrupted');
  });
});
