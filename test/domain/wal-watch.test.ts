import { describe, expect, it } from 'vitest';
import { WAL_LIMITS, walStep, type WalMemory } from '../../src/domain/wal-watch.ts';

const MINUTE = 60_000;
const MB = 1_048_576;
const NOW = 10 * MINUTE;

const step = (walBytes: number, memory: Partial<WalMemory> = {}) =>
  walStep({ walBytes, memory: { isTold: false, triedAt: null, ...memory }, now: NOW }, WAL_LIMITS);

describe('a log beside the ledger', () => {
  it.each([0, 10 * MB, 64 * MB])('of %i bytes, as SQLite leaves it, is left alone', (walBytes) => {
    expect(step(walBytes)).toBe('nothing');
    expect(step(walBytes, { triedAt: NOW })).toBe('nothing');
  });

  it('that is larger is emptied before anything is said of it', () => {
    expect(step(64 * MB + 1)).toBe('truncate');
    expect(step(64 * MB + 1, { triedAt: NOW - MINUTE })).toBe('truncate');
  });

  it('that could not be emptied is told once, and tried again each minute', () => {
    expect(step(65 * MB, { triedAt: NOW })).toBe('tell large');
    expect(step(65 * MB, { isTold: true, triedAt: NOW })).toBe('nothing');
    expect(step(65 * MB, { isTold: true, triedAt: NOW - MINUTE + 1 })).toBe('nothing');
    expect(step(65 * MB, { isTold: true, triedAt: NOW - MINUTE })).toBe('truncate');
  });

  it('that was cut back to the limit is not well yet: it is emptied, and told again neither way', () => {
    expect(step(64 * MB, { isTold: true, triedAt: NOW - MINUTE })).toBe('truncate');
    expect(step(64 * MB, { isTold: true, triedAt: NOW })).toBe('nothing');
    expect(step(32 * MB, { isTold: true, triedAt: NOW })).toBe('nothing');
  });

  it('is small again below half of the limit, which is told to who heard that it was not', () => {
    expect(step(32 * MB - 1, { isTold: true, triedAt: NOW })).toBe('tell small');
    expect(step(32 * MB - 1, { isTold: false, triedAt: NOW })).toBe('nothing');
  });
});
