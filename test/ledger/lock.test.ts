import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isHeld, takeLock } from '../../src/ledger/lock.ts';
import { tempLedger } from '../support/ledger.ts';

const LOCK = new URL('../../src/ledger/lock.ts', import.meta.url).href;

/** A real process that does `body` with the lock of `path`, then says `ready` and lives on. */
async function child(path: string, body: string) {
  const script = `
    const { takeLock, isHeld } = await import(${JSON.stringify(LOCK)});
    const path = ${JSON.stringify(path)};
    ${body}
    console.log('ready');
    setInterval(() => {}, 1000);`;
  const started = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void started.kill('SIGKILL'));
  await once(started.stdout, 'data');
  return started;
}

describe('the lock', () => {
  it('is held by one, and the second is told by whom', async () => {
    const { path } = tempLedger();
    const first = await child(path, `takeLock(path, 'process 4711 on vessel, since Tuesday')`);
    expect(isHeld(path)).toBe(true);
    expect(() => takeLock(path, 'me')).toThrow(
      expect.objectContaining({
        code: 'held',
        message: expect.stringContaining('process 4711 on vessel, since Tuesday') as string,
      }) as Error,
    );
    first.kill('SIGKILL');
  });

  it('is free at once after a SIGKILL', async () => {
    const { path } = tempLedger();
    const first = await child(path, `takeLock(path, 'the first')`);
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect(isHeld(path)).toBe(false);
    const lock = takeLock(path, 'the second');
    expect(isHeld(path)).toBe(true);
    lock.release();
  });

  it('is free after its release, which leaves no word of the holder and may be repeated', () => {
    const { path } = tempLedger();
    const lock = takeLock(path, 'me');
    lock.release();
    lock.release();
    expect(isHeld(path)).toBe(false);
    expect(existsSync(`${path}.holder`)).toBe(false);
    takeLock(path, 'me again').release();
  });

  it('holds within one process too', () => {
    const temp = tempLedger();
    const ledger = temp.open();
    expect(() => temp.open()).toThrow(expect.objectContaining({ code: 'held' }) as Error);
    expect(isHeld(temp.path)).toBe(true);
    ledger.close();
    temp.open();
  });

  it('is left alone by those who only look, however often they look', async () => {
    const { path } = tempLedger();
    takeLock(path, 'once').release();
    const looker = await child(
      path,
      `
      const look = () => { for (let n = 0; n < 50; n += 1) isHeld(path); setImmediate(look); };
      look();`,
    );
    for (let n = 0; n < 50; n += 1) takeLock(path, 'a starter').release();
    looker.kill('SIGKILL');
  });

  it('was never held where there is no lock file, and looking makes none', () => {
    const { path } = tempLedger();
    expect(isHeld(path)).toBe(false);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('is taken even where the word of its holder cannot be written', () => {
    const { path } = tempLedger();
    mkdirSync(`${path}.holder`);
    const lock = takeLock(path, 'me');
    expect(isHeld(path)).toBe(true);
    expect(() => takeLock(path, 'another')).toThrow(expect.objectContaining({ code: 'held' }) as Error);
    lock.release();
  });

  it('cannot be taken in a folder that is none', () => {
    const { folder } = tempLedger();
    writeFileSync(join(folder, 'file'), '');
    expect(() => takeLock(join(folder, 'file', 'ledger.db'), 'me')).toThrow(
      expect.objectContaining({ code: 'unwritable' }) as Error,
    );
  });
});
