import { describe, expect, it } from 'vitest';
import { diskOutlook, diskState } from '../../src/domain/disk.ts';

const GB = 1_000_000_000;
const figures = {
  freeBytes: 50 * GB,
  totalBytes: 100 * GB,
  ledgerBytes: 5 * GB,
  tasks: 10_000_000,
  tasksPerDay: 100_000,
  backlogCalls: 0,
};

describe('the projection of a disk', () => {
  it('goes by the bytes a task that the ledger itself has shown, or by a usual size where that is more', () => {
    expect(diskOutlook({ ...figures, ledgerBytes: 50 * GB })).toMatchObject({
      bytesPerDay: 100_000 * 5_000 + 55_000,
      daysLeft: 99.9,
    });
    // Tasks without metadata weigh less than those to come.
    const { bytesPerDay, daysLeft, state } = diskOutlook(figures);
    expect(bytesPerDay).toBe(100_000 * 545 + 55_000);
    expect(daysLeft).toBe(916.5);
    expect(state).toBe('ok');
  });

  it('goes by a usual size while the ledger is mostly empty tables', () => {
    const young = { ...figures, tasks: 10, ledgerBytes: 400_000, tasksPerDay: 1_000 };
    expect(diskOutlook(young).bytesPerDay).toBe(1_000 * 545 + 55_000);
  });

  it('counts what the backlog will bring as taken', () => {
    // 1,000 tasks a call, 545 bytes each.
    const { daysLeft } = diskOutlook({ ...figures, freeBytes: 20 * GB, backlogCalls: 20_000 });
    expect(daysLeft).toBe(166.8);
    expect(diskOutlook({ ...figures, freeBytes: 20 * GB, backlogCalls: 60_000 })).toMatchObject({
      daysLeft: 0,
      state: 'low',
    });
  });

  it('says nothing of more than ten years', () => {
    expect(diskOutlook({ ...figures, tasksPerDay: 0 })).toMatchObject({ daysLeft: null, bytesPerDay: 55_000 });
  });
});

describe('a disk', () => {
  const of = (freeBytes: number, totalBytes: number, daysLeft: number | null = null) =>
    diskState({ freeBytes, totalBytes, daysLeft, bytesPerDay: 0 }, 1);

  it.each([
    ['ok', 50 * GB, 100 * GB, 14],
    ['low', 50 * GB, 100 * GB, 13.9],
    ['ok', GB, 100 * GB, null],
    ['low', GB - 1, 100 * GB, null],
    ['low', 0.2 * GB, 100 * GB, null],
    ['full', 0.2 * GB - 1, 100 * GB, 1],
    ['ok', 0.1 * GB, GB, null],
    ['low', 0.1 * GB - 1, GB, null],
    ['full', 0.02 * GB - 1, GB, null],
    ['full', 0, GB, 0],
  ] as const)('is %s with %i bytes of %i free and %s days left', (state, free, total, days) => {
    expect(of(free, total, days)).toBe(state);
  });

  it('that was low is well again only by a margin', () => {
    const at = (freeBytes: number, daysLeft: number | null) =>
      diskState({ freeBytes, totalBytes: 100 * GB, daysLeft, bytesPerDay: 0 }, 1.25);
    expect(at(1.1 * GB, null)).toBe('low');
    expect(at(1.25 * GB, null)).toBe('ok');
    expect(at(50 * GB, 15)).toBe('low');
    expect(at(0.22 * GB, null)).toBe('full');
  });
});
