import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cautionsOf, factsOfApi } from '../../../src/domain/certificate-words.ts';
import { NO_FILTER, type ReportFilter } from '../../../src/domain/report.ts';
import { openForReading } from '../../../src/ledger/database.ts';
import { certificate, isComplete } from '../../../src/ledger/reports/certificate.ts';
import {
  asRow,
  begunLedger,
  DAY,
  HOUR,
  listed,
  LOGIN,
  NOW,
  policy,
  readSlice,
  sliceOf,
  type TempLedger,
} from '../../support/ledger.ts';

const UPPER = NOW - 30_000;
const MINUTE = 60_000;

function certified({ path }: TempLedger, filter: Partial<ReportFilter> = {}) {
  const database = openForReading(path);
  try {
    const asked = { ...NO_FILTER, ...filter };
    const terms = {
      path,
      apis: ['backlinks'],
      policy,
      now: NOW,
      version: '1',
      lagMs: 30_000,
      tailPeriodMs: MINUTE,
      filter: asked,
    };
    const told = certificate(database, terms);
    expect(isComplete(database, terms)).toBe(told.complete);
    return { complete: told.complete, account: told.account, of: told.apis[0]! };
  } finally {
    database.close();
  }
}

/** One that has read from its birth up to a moment, and says what it lacks from there on. */
function readUpTo(until: number) {
  const temp = begunLedger();
  const { ids, metadata } = temp.ledger.picture('backlinks').origins;
  readSlice(temp.ledger, sliceOf(ids, Math.min(until, metadata), { grade: 'ids' }), []);
  if (until > metadata) readSlice(temp.ledger, sliceOf(metadata, until), [asRow(listed('a', until - HOUR))]);
  const gap = { api: 'backlinks', since: until, until: UPPER, grade: 'metadata', expiresAt: NOW + DAY } as const;
  temp.ledger.setGaps(until < UPPER ? [gap] : [], NOW);
  return temp;
}

const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');

describe('the certificate of a range without an end', () => {
  it('ends with what a backfill that was interrupted meant to read, for it reads the oldest first', () => {
    const half = certified(readUpTo(NOW - 20 * DAY));
    expect(half.complete).toBe(false);
    expect(half.of.until).toBe(iso(UPPER));
    expect(half.of.missing).toMatchObject([{ since: iso(NOW - 20 * DAY), until: iso(UPPER), why: 'unread' }]);
    expect(certified(readUpTo(NOW - 20 * DAY), { since: NOW - 3 * DAY }).complete).toBe(false);
  });

  it('ends with the last reading, where nothing more is lacking than comes between two readings of the tail', () => {
    const current = certified(readUpTo(UPPER - 2 * MINUTE));
    expect(current).toMatchObject({ complete: true, of: { until: iso(UPPER - 2 * MINUTE), missing: [] } });
    expect(certified(readUpTo(UPPER)).of.until).toBe(iso(UPPER));
    expect(certified(readUpTo(UPPER - 3 * MINUTE)).complete).toBe(false);
  });

  it('names the account so that whoever knows the login can tell it', () => {
    const temp = readUpTo(UPPER);
    const [salt = '', hash] = certified(temp).account?.split(':') ?? [];
    expect(salt).toMatch(/^[0-9a-f]{32}$/);
    expect(hash).toBe(createHash('sha256').update(`${salt}:${LOGIN}`).digest('hex'));
  });

  it('says how many tasks on record come after it, and from where on there are parameters', () => {
    const temp = readUpTo(UPPER);
    temp.ledger.setGaps([], NOW);
    readSlice(temp.ledger, sliceOf(UPPER - HOUR, UPPER), [
      asRow(listed('a', UPPER - HOUR)),
      asRow(listed('late', UPPER + 500)),
    ]);
    const { of } = certified(temp);
    const { metadata } = temp.ledger.picture('backlinks').origins;
    expect(of).toMatchObject({ complete: true, later: 1, metadataSince: iso(metadata) });
    expect(cautionsOf(of).join(' ')).toMatch(
      /Of what came before \d{4}-.* no parameters and tags.* 1 task more on record/,
    );
    expect(certified(temp, { since: NOW - DAY, until: NOW }).of).toMatchObject({ later: 0, metadataSince: null });
    // Of a time without a task there is nothing to say about parameters, and of one without a reading no proof.
    expect(cautionsOf({ ...of, tasks: 0 }).join(' ')).not.toContain('Of what came before');
    const unread = { ...of, evidence: { ...of.evidence, readings: 0, oldestReadAt: null, newestReadAt: null } };
    expect(factsOfApi(unread).find(({ label }) => label === 'Proven by')?.text).toBe('nothing: no reading covers any of it'); // prettier-ignore
    const empty = { ...of, tasks: 0, evidence: { ...of.evidence, tasks: 0 } };
    const said = Object.fromEntries(factsOfApi(empty).map(({ label, text }) => [label, text]));
    expect([said['Tasks'], said['They listed']]).toEqual(['none', 'no task']);
  });
});
