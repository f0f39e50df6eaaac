import { readMigrations } from '../../src/ledger/migrate.ts';
import { describe, expect, it } from 'vitest';
import { statusText } from '../../src/cli/status-text.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import { originAt } from '../../src/domain/gaps.ts';
import { windowEdge } from '../../src/domain/window.ts';
import { openForReading } from '../../src/ledger/database.ts';
import { readSnapshot, type SnapshotTerms } from '../../src/ledger/snapshot.ts';
import {
  asRow,
  BARE,
  begunLedger,
  DAY,
  endOf,
  HOUR,
  listed,
  NOW,
  PENDING,
  policy,
  readSlice,
  sliceOf,
  startOf,
} from '../support/ledger.ts';

const ORIGINS = { ids: originAt('ids', NOW, [], policy), metadata: originAt('metadata', NOW, [], policy) };
const UPPER = NOW - 30_000;
const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');

function opened() {
  const temp = begunLedger();
  const { ledger } = temp;
  const look = (over: Partial<SnapshotTerms> = {}): Snapshot => {
    const database = openForReading(temp.path);
    const terms: SnapshotTerms = {
      path: temp.path,
      apis: ['backlinks'],
      policy,
      lagMs: 30_000,
      tailPeriodMs: 60_000,
      wallNow: NOW,
      monoNow: 1_000_000,
      boot: 'boot-1',
      version: '1.2.3',
      ...over,
    };
    try {
      return readSnapshot(database, terms);
    } finally {
      database.close();
    }
  };
  const readAll = () => {
    readSlice(ledger, sliceOf(ORIGINS.ids, ORIGINS.metadata, { grade: 'ids' }), []);
    readSlice(ledger, sliceOf(ORIGINS.metadata, UPPER), [asRow(listed('a', NOW - 2 * HOUR))]);
  };
  return { ...temp, look, readAll };
}

describe('the snapshot of a new ledger', () => {
  it('says what is lacking, and that nothing is complete', () => {
    const { look, path } = opened();
    const snapshot = look();
    expect(snapshot).toMatchObject({
      state: 'waiting',
      until: null,
      at: iso(NOW),
      tasks: { total: 0, withMetadata: 0, unfinished: 0 },
      tail: { backlinks: { readUpTo: null, readAt: null, newestTask: null, behindSeconds: null } },
      doubts: 0,
      lastFailure: null,
      budget: { calls: 10, periodMs: 60_000, inUse: 0, maxInAnyPeriod: 0, lastHour: 0 },
      backlog: { calls: 2, etaSeconds: 12, exact: false, willExpire: [] },
      version: '1.2.3',
    });
    expect(snapshot.coverage).toEqual({
      backlinks: {
        since: iso(ORIGINS.ids),
        until: null,
        complete: false,
        gaps: [
          {
            grade: 'metadata',
            since: iso(ORIGINS.metadata),
            until: iso(UPPER),
            expiresAt: snapshot.coverage['backlinks']!.gaps[0]!.expiresAt,
          },
          {
            grade: 'ids',
            since: iso(ORIGINS.ids),
            until: iso(ORIGINS.metadata),
            expiresAt: snapshot.coverage['backlinks']!.gaps[1]!.expiresAt,
          },
        ],
        losses: [],
        unsettled: [],
      },
    });
    const { sizeBytes, walBytes, ...ledger } = snapshot.ledger;
    expect(ledger).toEqual({ path, schemaVersion: readMigrations().length });
    expect(sizeBytes + walBytes).toBeGreaterThan(4096);
  });

  it('lists an API that nobody has worked on yet, which is not complete and has all its calls ahead', () => {
    const { look, readAll } = opened();
    readAll();
    const snapshot = look({ apis: ['serp', 'backlinks'] });
    expect(Object.keys(snapshot.coverage)).toEqual(['serp', 'backlinks']);
    expect(snapshot.coverage['serp']).toEqual({
      since: null,
      until: null,
      complete: false,
      gaps: [],
      losses: [],
      unsettled: [],
    });
    expect(snapshot.coverage['backlinks']).toMatchObject({ complete: true });
    expect(snapshot.tail['serp']).toEqual({ readUpTo: null, readAt: null, newestTask: null, behindSeconds: null });
    expect(snapshot.backlog).toMatchObject({ calls: 2, exact: false });
  });

  it('tells people that nothing was read of it, and of no tail', () => {
    const { look, readAll } = opened();
    readAll();
    const lines = statusText(look({ apis: ['backlinks', 'serp'] }));
    expect(lines.filter((line) => line.includes('serp'))).toEqual(['Coverage  serp: nothing read yet']);
    expect(lines).toContain(
      'Backlog   50 % of the window is read; at least 2 calls left, at least 12 s, unknown until read',
    );
  });
});

describe('the snapshot', () => {
  it('is complete once all is read up to a lag and two tail periods ago', () => {
    const { look, readAll } = opened();
    readAll();
    const limit = 2 * 60_000;
    const completeAt = (wallNow: number) => look({ wallNow }).coverage['backlinks']?.complete;
    expect(look().coverage['backlinks']).toMatchObject({ complete: true, gaps: [], until: iso(UPPER) });
    expect(completeAt(NOW + limit)).toBe(true);
    expect(completeAt(NOW + limit + 1000)).toBe(false);
    expect(look().backlog).toEqual({ coveredShare: 1, calls: 0, etaSeconds: 0, exact: true, willExpire: [] });
  });

  it('is not complete over a gap in the middle, and tells when that expires', () => {
    const { ledger, look } = opened();
    readSlice(ledger, sliceOf(ORIGINS.ids, ORIGINS.metadata, { grade: 'ids' }), []);
    readSlice(ledger, sliceOf(ORIGINS.metadata, NOW - 3 * DAY), []);
    readSlice(ledger, sliceOf(NOW - 2 * DAY, UPPER), []);
    const since = NOW - 3 * DAY;
    const expiresAt = NOW + since - windowEdge('metadata', NOW, []);
    expect(look().coverage['backlinks']).toMatchObject({
      complete: false,
      gaps: [{ grade: 'metadata', since: iso(since), until: iso(NOW - 2 * DAY), expiresAt: iso(expiresAt) }],
    });
  });

  it('is complete in spite of losses, doubts and unsettled stretches, and shows them', () => {
    const { ledger, look, readAll } = opened();
    readAll();
    readSlice(ledger, sliceOf(NOW - 3 * HOUR, NOW - 2 * HOUR + 5000), [asRow(listed('b', NOW - 3 * HOUR, BARE))]);
    const { coverage, doubts } = look();
    expect(coverage['backlinks']).toMatchObject({
      complete: true,
      unsettled: [{ since: iso(NOW - HOUR), until: iso(UPPER) }],
    });
    expect(doubts).toBe(1);
  });

  it('shows losses with their time and reason', () => {
    const { ledger, look } = opened();
    const later = NOW + 10 * DAY;
    ledger.accountLosses('backlinks', later);
    const losses = look({ wallNow: later }).coverage['backlinks']!.losses;
    const reason = 'left the window before it was read';
    expect(losses).toEqual([
      { grade: 'ids', since: iso(ORIGINS.ids), until: iso(windowEdge('ids', later, [])), lostAt: iso(later), reason },
      {
        grade: 'metadata',
        since: iso(ORIGINS.metadata),
        until: iso(windowEdge('metadata', later, [])),
        lostAt: iso(later),
        reason,
      },
    ]);
    ledger.accountLosses('backlinks', later);
    expect(look({ wallNow: later }).coverage['backlinks']!.losses).toEqual(losses);
  });

  it('counts tasks from what is kept, not by a scan', () => {
    const { ledger, look } = opened();
    readSlice(ledger, sliceOf(NOW - 3 * HOUR, NOW - 2 * HOUR), [
      asRow(listed('a', NOW - 3 * HOUR)),
      asRow(listed('b', NOW - 3 * HOUR + 1000, { ...PENDING, ...BARE })),
      asRow(listed('c', NOW - 3 * HOUR + 2000, PENDING)),
    ]);
    expect(look().tasks).toEqual({ total: 3, withMetadata: 2, unfinished: 2 });
    expect(look().tail['backlinks']).toEqual({
      readUpTo: iso(NOW - 2 * HOUR),
      readAt: iso(NOW),
      newestTask: iso(NOW - 3 * HOUR + 2000),
      behindSeconds: 2 * 3_600 - 30,
    });
  });

  it('finds the newest task of each API, also of one without any', () => {
    const { ledger, look } = opened();
    for (const api of ['serp', 'merchant']) ledger.ensureFrontiers(api, NOW, policy);
    readSlice(ledger, sliceOf(NOW - 9 * DAY, NOW - HOUR), [
      asRow(listed('a', NOW - 9 * DAY)),
      asRow(listed('b', NOW - 5 * DAY)),
    ]);
    readSlice(ledger, sliceOf(NOW - 9 * DAY, NOW - HOUR, { api: 'serp' }), [asRow(listed('c', NOW - 9 * DAY))]);
    readSlice(ledger, sliceOf(NOW - 9 * DAY, NOW - HOUR, { api: 'merchant' }), []);
    const tails = look({ apis: ['backlinks', 'serp', 'merchant'] }).tail;
    expect(Object.values(tails).map(({ newestTask }) => newestTask)).toEqual([
      iso(NOW - 5 * DAY),
      iso(NOW - 9 * DAY),
      null,
    ]);
    expect(ledger.newestPosted('backlinks', NOW - 7 * DAY, 5)).toEqual([NOW - 5 * DAY]);
    expect(ledger.newestPosted('serp', NOW - 7 * DAY, 5)).toEqual([]);
    expect(ledger.newestPosted('never read', NOW - 7 * DAY, 5)).toEqual([]);
  });

  it('goes by the server clock', () => {
    const { ledger, look } = opened();
    ledger.keepSkewMs(-90_400.6);
    expect(ledger.clockMemory().skewMs).toBe(-90_401);
    expect(look({ wallNow: NOW + 401 }).at).toBe(iso(NOW - 90_000));
  });

  it('is never of a moment before the last answer, though the wall clock was put back since', () => {
    const { ledger, look } = opened();
    const walk = ledger.beginWalk(sliceOf(NOW - HOUR, UPPER), NOW);
    // The one before is dated by a guess that was ahead, the one after says nothing of the time.
    for (const over of [{ answeredAt: NOW + DAY }, { answeredAt: NOW }, { code: 40_200, answeredAt: NOW + DAY }])
      ledger.journal.end(ledger.journal.begin(startOf(walk)), endOf(over));
    expect(ledger.clockMemory().leastAt).toBe(NOW);
    expect(look({ wallNow: NOW - 6 * HOUR }).at).toBe(iso(NOW));
    expect(look({ wallNow: NOW + HOUR }).at).toBe(iso(NOW + HOUR));
  });

  it('tells the last failure with its code and text', () => {
    const { ledger, look } = opened();
    const walk = ledger.beginWalk(sliceOf(NOW - HOUR, UPPER), NOW);
    const call = (over: Parameters<typeof endOf>[0]) => {
      ledger.journal.end(ledger.journal.begin(startOf(walk)), endOf(over));
    };
    call({ code: 40_202, message: 'Rate limit', answeredAt: NOW - 5_000 });
    call({ code: 20_000 });
    call({ code: 'aborted', message: null });
    ledger.journal.begin(startOf(walk));
    expect(look().lastFailure).toEqual({ at: iso(NOW - 5_000), code: '40202', message: 'Rate limit' });
    call({ code: 'timeout', message: null, answeredAt: NOW - 2_000 });
    expect(look().lastFailure).toEqual({ at: iso(NOW - 2_000), code: 'timeout', message: '' });
  });
});

describe('the budget, as the journal tells it', () => {
  it('counts tokens out, the last hour, and the fullest period of a day', () => {
    const { ledger, look } = opened();
    const walk = ledger.beginWalk(sliceOf(NOW - HOUR, UPPER), NOW);
    const call = (agoMs: number, tokenBackMono: number | null) => {
      const id = ledger.journal.begin(startOf(walk, { sentAt: NOW - agoMs }));
      if (tokenBackMono !== null) ledger.journal.end(id, endOf({ tokenBackMono }));
    };
    for (const ago of [25 * HOUR, 25 * HOUR, 25 * HOUR, 25 * HOUR, 25 * HOUR]) call(ago, 0);
    for (const ago of [2 * HOUR + 60_000, 2 * HOUR + 59_999, 2 * HOUR + 1, 2 * HOUR]) call(ago, 0);
    call(50_000, 999_999);
    call(40_000, 1_000_001);
    call(30_000, null);
    expect(look().budget).toEqual({ calls: 10, periodMs: 60_000, inUse: 2, maxInAnyPeriod: 3, lastHour: 3 });
    // Of a simulator's budget of a second: no measure of one a minute.
    for (let n = 0; n < 8; n += 1)
      ledger.journal.end(ledger.journal.begin(startOf(walk, { sentAt: NOW - 20_000, periodMs: 1_000 })), endOf({ tokenBackMono: 0 })); // prettier-ignore
    expect(look().budget).toMatchObject({ maxInAnyPeriod: 3, lastHour: 11 });
    expect(look({ boot: 'boot-2' }).budget.inUse).toBe(1);
    ledger.close();
    expect(look().budget.inUse).toBe(1);
  });
});

describe('what the daemon says of itself', () => {
  const state = {
    state: 'waiting',
    reason: 'the next tail',
    until: NOW + 5_000,
    at: NOW,
    pid: 1,
    version: '1',
  } as const;

  it('counts while it holds the ledger, and not a moment longer', () => {
    const { ledger, look } = opened();
    ledger.setDaemonState(state);
    expect(look()).toMatchObject({ state: 'waiting', reason: 'the next tail', until: iso(NOW + 5_000) });
    ledger.close();
    expect(look()).toMatchObject({ state: 'stopped', until: null });
    expect(look().reason).toContain(iso(NOW));
  });

  it('is not what the process before it said, which was killed', () => {
    const { ledger, look, open } = opened();
    ledger.setDaemonState({ ...state, state: 'parked', reason: 'the account is blocked' });
    ledger.close();
    const next = open();
    expect(look()).toMatchObject({ state: 'waiting', until: null });
    expect(look().reason).toMatch(/^process \d+ on .*: it has not said yet what it does$/);
    next.setDaemonState(state);
    expect(look().reason).toBe('the next tail');
  });

  it('is not believed for longer than a minute, for it says so every twenty seconds, until it speaks again', () => {
    const { ledger, look } = opened();
    const idle = { ...state, state: 'idle', reason: 'everything is read', until: null } as const;
    ledger.setDaemonState(idle);
    expect(look({ wallNow: NOW + 60_000 })).toMatchObject({ state: 'idle', reason: 'everything is read' });
    const late = look({ wallNow: NOW + 61_000 });
    expect(late).toMatchObject({ state: 'waiting', until: null });
    expect(late.reason).toMatch(
      new RegExp(`not been able to write its state since ${iso(NOW)},.*Then it was idle: everything is read$`),
    );
    ledger.setDaemonState({ ...idle, at: NOW + 60_000 });
    expect(look({ wallNow: NOW + 61_000 }).state).toBe('idle');
    ledger.close();
    expect(look({ wallNow: NOW + 600_000 }).state).toBe('stopped');
  });

  it('yields to what the process that asks says itself', () => {
    const { ledger, look } = opened();
    ledger.setDaemonState(state);
    const said = { state: 'parked', reason: 'no money', until: NOW } as const;
    expect(look({ said })).toMatchObject({ ...said, until: iso(NOW) });
    expect(look({ said: null })).toMatchObject({ state: 'waiting', reason: 'the next tail' });
  });

  it('is that it stopped, where it stopped in good order', () => {
    const { ledger, look } = opened();
    ledger.setDaemonState({ ...state, state: 'stopped', reason: 'stopped in good order', until: null });
    expect(look().state).toBe('stopped');
    ledger.close();
  });
});

describe('the window of an API', () => {
  it('begins with the ledger, once', () => {
    const { ledger, value } = opened();
    const origins = () => ledger.picture('backlinks').origins;
    expect(origins()).toEqual(ORIGINS);
    expect(ledger.ensureFrontiers('backlinks', NOW + DAY, policy)).toBe(false);
    expect(origins()).toEqual(ORIGINS);
    expect(ledger.ensureFrontiers('serp', NOW + DAY, policy)).toBe(true);
    expect(value('select count(*) from frontier')).toBe(4);
  });

  it('is reckoned once more where the clock was wrong', () => {
    const { ledger } = opened();
    ledger.moveFrontiers('backlinks', NOW + 4_000, policy);
    expect(ledger.picture('backlinks').origins).toEqual(ORIGINS);
    ledger.moveFrontiers('backlinks', NOW + HOUR, policy);
    expect(ledger.picture('backlinks').origins).toEqual({ ids: ORIGINS.ids + HOUR, metadata: ORIGINS.metadata + HOUR });
    ledger.accountLosses('backlinks', NOW + HOUR);
    expect(ledger.picture('backlinks').losses).toEqual([]);
  });

  it('was never wider where a refusal comes before anything is read, so nothing of it is lost', () => {
    const { ledger } = opened();
    const refusal = { grade: 'metadata', widthMs: NOW - windowEdge('metadata', NOW, []), seenAt: NOW } as const;
    const edge = ledger.beginWalk(sliceOf(ORIGINS.metadata, ORIGINS.metadata + HOUR), NOW);
    ledger.refuse(edge, { ...refusal, callId: 1 }, policy);
    const picture = ledger.picture('backlinks');
    expect(picture.origins).toEqual({ ids: ORIGINS.ids, metadata: ORIGINS.metadata + DAY });
    expect(picture.refusals).toEqual([refusal]);
    expect(ledger.accountLosses('backlinks', NOW)).toEqual([]);
  });

  it('that proves narrower after it was read keeps what was read, and tells what is lost', () => {
    const { ledger } = opened();
    readSlice(ledger, sliceOf(ORIGINS.metadata, ORIGINS.metadata + HOUR), []);
    const refusal = { grade: 'metadata', widthMs: NOW - windowEdge('metadata', NOW, []), seenAt: NOW } as const;
    const edge = ledger.beginWalk(sliceOf(ORIGINS.metadata, ORIGINS.metadata + HOUR), NOW);
    ledger.refuse(edge, { ...refusal, callId: 1 }, policy);
    expect(ledger.picture('backlinks').origins).toEqual(ORIGINS);
    expect(ledger.accountLosses('backlinks', NOW)).toEqual([
      {
        grade: 'metadata',
        since: ORIGINS.metadata + HOUR,
        until: windowEdge('metadata', NOW, [refusal]),
        reason: 'left the window before it was read',
      },
    ]);
  });
});

describe('open walks', () => {
  it('are taken, oldest slice first, and halves take the place of the whole', () => {
    const { ledger } = opened();
    const late = ledger.beginWalk(sliceOf(NOW - HOUR, UPPER), NOW);
    const early = ledger.beginWalk(sliceOf(NOW - 3 * HOUR, NOW - 2 * HOUR), NOW);
    expect(ledger.openWalks()).toEqual([early, late]);
    const plans = [sliceOf(NOW - 3 * HOUR, NOW - 2.5 * HOUR), sliceOf(NOW - 2.5 * HOUR, NOW - 2 * HOUR)];
    const parts = ledger.splitWalk(early, plans, NOW);
    expect(ledger.picture('backlinks').taken).toEqual([...plans.map(({ range }) => range), late.range]);
    for (const walk of parts) ledger.endWalk(walk, 'dropped', NOW);
    expect(ledger.openWalks()).toEqual([late]);
    expect(ledger.picture('serp').taken).toEqual([]);
  });

  it('keep why and until when they wait, over a restart', () => {
    const { ledger, open } = opened();
    const walk = ledger.beginWalk(sliceOf(NOW - HOUR, UPPER), NOW);
    ledger.keepWalk({ ...walk, limit: 500, failures: 3, retryAt: NOW + 60_000, failure: 'HTTP 500' });
    ledger.close();
    expect(open().openWalks()).toEqual([
      { ...walk, limit: 500, failures: 3, retryAt: NOW + 60_000, failure: 'HTTP 500' },
    ]);
  });
});
