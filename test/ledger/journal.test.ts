import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DAY, endOf, HOUR, NOW, sliceOf, startOf, tempLedger } from '../support/ledger.ts';

const LEDGER = new URL('../../src/ledger/ledger.ts', import.meta.url).href;

describe('the journal', () => {
  it('has a call on disk before begin returns: a SIGKILL right after it leaves the row', async () => {
    const temp = tempLedger();
    const plan = sliceOf(NOW - HOUR, NOW - 60_000);
    const script = `
      const { openLedger } = await import(${JSON.stringify(LEDGER)});
      const ledger = openLedger({ path: ${JSON.stringify(temp.path)}, login: 'agency@example.com', pid: process.pid, now: ${NOW} });
      const walk = ledger.beginWalk(${JSON.stringify(plan)}, ${NOW});
      const { id: walkId, api, purpose, range, grade, limit } = walk;
      const sent = { sentAt: ${NOW}, sentMono: 5, boot: 'boot-1', periodMs: 60_000, skewMs: 0 };
      ledger.journal.begin({ walkId, api, purpose, range, grade, limit, offset: 0, ...sent });
      process.kill(process.pid, 'SIGKILL');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
    const ledger = temp.open();
    expect(ledger.journal.newestCall()).toBe(1);
    expect(ledger.journal.past({ boot: 'boot-2', tokens: 10, throttledSince: 0 })).toEqual([
      {
        id: 1,
        boot: 'boot-1',
        periodMs: 60_000,
        sentWallMs: NOW,
        sentMonoMs: 5,
        answeredWallMs: null,
        tokenBackMonoMs: null,
        throttled: false,
      },
    ]);
    expect(ledger.openWalks()).toHaveLength(1);
  });

  const begun = () => {
    const temp = tempLedger();
    const ledger = temp.open();
    const walk = ledger.beginWalk(sliceOf(NOW - HOUR, NOW - 60_000), NOW);
    return { ...temp, ledger, walk, journal: ledger.journal };
  };

  it('tells people what was asked and what came of it, by the clock of the server', () => {
    const { journal, walk, rows } = begun();
    const id = journal.begin(startOf(walk, { skewMs: 2_500 }));
    journal.end(id, endOf({ httpStatus: 200, code: 40_202, message: 'Rate limit', throttled: true, skewMs: 2_500 }));
    expect(rows('select * from calls')).toEqual([
      {
        id,
        api: 'backlinks',
        purpose: 'backfill',
        since: (NOW - HOUR) / 1000,
        until: (NOW - 60_000) / 1000,
        row_offset: 0,
        row_limit: 1000,
        sent_at: NOW / 1000 + 2,
        answered_at: NOW / 1000 + 2,
        http_status: 200,
        code: 40_202,
        rows: null,
      },
    ]);
    expect(rows('select typeof(code) as type from calls')).toEqual([{ type: 'integer' }]);
  });

  it('keeps a word of ours where the server gave no code', () => {
    const { journal, walk, value } = begun();
    journal.end(journal.begin(startOf(walk)), endOf({ httpStatus: null, code: 'timeout', message: null }));
    expect(value('select code from calls')).toBe('timeout');
  });

  it('counts on where another process ended', () => {
    const { ledger, journal, walk, open } = begun();
    expect(journal.newestCall()).toBe(0);
    expect([journal.begin(startOf(walk)), journal.begin(startOf(walk)), journal.newestCall()]).toEqual([1, 2, 2]);
    ledger.close();
    const again = open().journal;
    expect(again.newestCall()).toBe(2);
    expect(again.begin(startOf(walk))).toBe(3);
  });

  it('tells a new process the unanswered calls, the last tokens of this boot, the newest calls and the newest throttle', () => {
    const { journal, walk } = begun();
    const answer = (over: Parameters<typeof startOf>[1], end: Parameters<typeof endOf>[0]) => {
      const id = journal.begin(startOf(walk, over));
      journal.end(id, endOf(end));
      return id;
    };
    const oldThrottle = answer({ sentAt: NOW - 3 * DAY, boot: 'boot-0' }, { throttled: true });
    const throttle = answer({ sentAt: NOW - DAY, boot: 'boot-0' }, { throttled: true });
    const unanswered = journal.begin(startOf(walk, { sentAt: NOW - 2 * HOUR, boot: 'boot-0' }));
    const late = answer({ boot: 'boot-1' }, { tokenBackMono: 9_000 });
    const early = answer({ boot: 'boot-1' }, { tokenBackMono: 1_000 });
    const middle = answer({ boot: 'boot-1' }, { tokenBackMono: 5_000 });
    const otherBoot = answer({ boot: 'boot-2' }, { tokenBackMono: 99_000 });
    const idsOf = (of: Parameters<typeof journal.past>[0]) =>
      journal
        .past(of)
        .map(({ id }) => id)
        .sort((a, b) => a - b);
    expect(idsOf({ boot: 'boot-1', tokens: 1, throttledSince: NOW })).toEqual([unanswered, late, otherBoot]);
    expect(idsOf({ boot: 'boot-1', tokens: 2, throttledSince: NOW })).toEqual([unanswered, late, middle, otherBoot]);
    expect(idsOf({ boot: 'unknown', tokens: 1, throttledSince: NOW - 2 * DAY })).toEqual([
      throttle,
      unanswered,
      otherBoot,
    ]);
    expect(idsOf({ boot: 'boot-1', tokens: 50, throttledSince: 0 })).toEqual(
      [oldThrottle, throttle, unanswered, late, early, middle, otherBoot].sort((a, b) => a - b),
    );
    expect(journal.past({ boot: 'x', tokens: 0, throttledSince: 0 }).map(({ id }) => id)).toEqual([
      unanswered,
      throttle,
    ]);
  });

  it('puts calls of an earlier process on the clock of this one, and says that they were lost', () => {
    const { journal, walk, value } = begun();
    const id = journal.begin(startOf(walk, { boot: 'boot-0', sentMono: 7 }));
    const [row] = journal.past({ boot: 'boot-1', tokens: 1, throttledSince: 0 });
    journal.adopt([
      {
        ...row!,
        boot: 'boot-1',
        periodMs: 90_000,
        sentMonoMs: 100,
        sentWallMs: NOW,
        answeredWallMs: NOW + 5,
        tokenBackMonoMs: 60_000,
      },
    ]);
    expect(journal.past({ boot: 'boot-1', tokens: 1, throttledSince: 0 })).toEqual([
      {
        id,
        boot: 'boot-1',
        periodMs: 90_000,
        sentWallMs: NOW,
        sentMonoMs: 100,
        answeredWallMs: NOW + 5,
        tokenBackMonoMs: 60_000,
        throttled: false,
      },
    ]);
    expect(value('select code from calls where id = ?', id)).toBe('lost');
  });

  it('keeps the code of an adopted call that was answered', () => {
    const { journal, walk, value } = begun();
    const id = journal.begin(startOf(walk));
    journal.end(id, endOf({ code: 50_000 }));
    journal.adopt(journal.past({ boot: 'boot-1', tokens: 1, throttledSince: 0 }));
    expect(value('select code from calls where id = ?', id)).toBe(50_000);
  });
});
