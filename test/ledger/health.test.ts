import { closeSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lookThrough } from '../../src/ledger/health.ts';
import { asRow, HOUR, listed, NOW, readSlice, sliceOf, begunLedger } from '../support/ledger.ts';

const UNHURRIED = 20_000;
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
    expect(await lookThrough({ path: temp.path, boxMs: UNHURRIED }, never())).toEqual({ kind: 'looked', damages: [] });
    temp.open();
    expect(await lookThrough({ path: temp.path, boxMs: UNHURRIED }, never())).toEqual({ kind: 'looked', damages: [] });
  });

  it('are damaged where one was overwritten', async () => {
    const { path } = closedLedger();
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(8_192, 0xa5), 0, 8_192, Math.floor(statSync(path).size / 8_192) * 4_096);
    closeSync(file);
    const health = await lookThrough({ path, boxMs: UNHURRIED }, never());
    expect(health).toMatchObject({ kind: 'looked' });
    expect(health.kind === 'looked' ? health.damages.join() : '').toMatch(/page|btree|malformed/i);
  });

  it('are no damage where there is no ledger to look at', async () => {
    const { folder } = closedLedger();
    const foreign = join(folder, 'letters.txt');
    writeFileSync(foreign, 'Dear Sir or Madam, this is no ledger at all, and never was one.');
    expect(await lookThrough({ path: foreign, boxMs: UNHURRIED }, never())).toMatchObject({ kind: 'failed' });
    expect(await lookThrough({ path: join(folder, 'none.db'), boxMs: UNHURRIED }, never())).toMatchObject({
      kind: 'failed',
    });
  });

  it('are given up when the time is up, and at once when it is interrupted', async () => {
    const { path } = closedLedger();
    expect(await lookThrough({ path, boxMs: 1 }, never())).toEqual({ kind: 'unfinished' });
    const interrupted = new AbortController();
    const looking = lookThrough({ path, boxMs: UNHURRIED }, interrupted.signal);
    interrupted.abort(new Error('interrupted'));
    await expect(looking).rejects.toThrow('interrupted');
  });
});
