import {
  certifiable,
  missingOf,
  unsettledOf,
  type Certificate,
  type CertificateOfApi,
} from '../../domain/certificate.ts';
import type { ApiPicture, PlanPolicy } from '../../domain/gaps.ts';
import { NO_FILTER, type ReportFilter } from '../../domain/report.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import { createCoverageStore } from '../coverage.ts';
import type { Db } from '../database.ts';
import { addDigests, digestOf, type IdDigest } from '../id-digest.ts';
import { readMeta } from '../meta.ts';
import { toMs, toSeconds } from '../seconds.ts';
import { readPictures } from '../snapshot.ts';
import { costs, totalsOf } from './costs.ts';
import { countDoubts } from './doubts.ts';

export type CertificateTerms = {
  readonly path: string;
  readonly apis: readonly string[];
  readonly policy: PlanPolicy;
  /** The server's clock, epoch ms. */
  readonly now: number;
  readonly version: string;
  readonly lagMs: number;
  readonly tailPeriodMs: number;
  /** Of the filter only the range and the API count. */
  readonly filter: Pick<ReportFilter, 'since' | 'until' | 'api'>;
};

/** Whether anything is missing, and what proves that nothing is; all of one moment. */
export function certificate(database: Db, terms: CertificateTerms): Certificate {
  return database.transaction(() => certificateOf(database, terms))();
}

/** Whether every second of the range is covered: as the certificate says, but without a look at what proves it, in milliseconds. */
export function isComplete(database: Db, terms: Omit<CertificateTerms, 'version' | 'path'>): boolean {
  return database.transaction(() => {
    const { now } = terms;
    return picturesOf(database, terms).every(({ picture }) => {
      const range = picture === null ? null : rangeOf(database, picture, terms);
      return picture !== null && range !== null && lackOf(database, picture, { range, now }).length === 0;
    });
  })();
}

function certificateOf(database: Db, terms: CertificateTerms): Certificate {
  const { version, now, path } = terms;
  const apis = picturesOf(database, terms).map(({ api, picture }) => {
    const range = picture === null ? null : rangeOf(database, picture, terms);
    if (picture === null || range === null) return unread(api);
    const of = ofApi(database, picture, { range, now });
    return terms.filter.until === null ? { ...of, later: laterThan(database, api, range.until) } : of;
  });
  return {
    complete: apis.every(({ complete }) => complete),
    made: iso(now),
    version,
    ledger: { path, schemaVersion: Number(database.pragma('user_version', { simple: true })) },
    account: readMeta(database, 'account'),
    apis,
  };
}

type PictureOf = { readonly api: string; readonly picture: ApiPicture | null };

/** Of each API that is asked about; null: nothing of it has been read. */
function picturesOf(database: Db, { filter, apis }: Pick<CertificateTerms, 'filter' | 'apis'>): PictureOf[] {
  const asked = filter.api === null ? withKnown(database, apis) : [filter.api];
  const pictures = readPictures(database, asked);
  return asked.map((api) => ({ api, picture: pictures.find((each) => each.api === api) ?? null }));
}

/** What was read once and is no longer asked for is certified too: left out, its gaps would look like nothing missing. */
function withKnown(database: Db, apis: readonly string[]): string[] {
  const known = database
    .prepare<[], string>(
      `select name from api where exists (select 1 from frontier where api = api.id)
         or exists (select 1 from tally where api = api.id and tasks > 0) order by id`,
    )
    .pluck()
    .all();
  return [...new Set([...apis, ...known])];
}

type RangeTerms = Pick<CertificateTerms, 'filter' | 'lagMs' | 'tailPeriodMs'>;

function rangeOf(database: Db, picture: ApiPicture, terms: RangeTerms): TimeRange | null {
  const whole = certifiable(picture);
  if (whole === null) return null;
  const { since, until } = terms.filter;
  const end = until ?? Math.max(endOf(database, picture.api, { read: whole.until, terms }), (since ?? 0) + 1_000);
  const range = { since: since ?? whole.since, until: end };
  return range.since < range.until ? range : null;
}

/**
 * Where a range ends that nobody has given an end: with the last reading, where whoever works on the ledger lacked no more behind it
 * than what comes between two readings of the tail; else with what it lacked. A backfill reads the oldest first, and one that was
 * interrupted lacks all that is newer.
 */
function endOf(database: Db, api: string, { read, terms }: { read: number; terms: RangeTerms }): number {
  const lack = database
    .prepare<[number, number], { since: number | null; until: number | null; asOf: number | null }>(
      'select min(since) as since, max(until) as until, max(as_of) as asOf from gap where api = ? and until > ?',
    )
    .get(numberOf(database, api), toSeconds(read));
  if (lack === undefined || lack.since === null || lack.until === null || lack.asOf === null) return read;
  const isYoung = Math.max(toMs(lack.since), read) >= toMs(lack.asOf) - terms.lagMs - 2 * terms.tailPeriodMs;
  return isYoung ? read : toMs(lack.until);
}

/** What the end of the range leaves out. */
function laterThan(database: Db, api: string, until: number): number {
  return totalsOf(costs(database, { ...NO_FILTER, api, since: until }, [])).tasks;
}

function unread(api: string): CertificateOfApi {
  return {
    api,
    complete: false,
    since: null,
    until: null,
    tasks: 0,
    later: 0,
    costMicros: 0,
    withMetadata: 0,
    metadataSince: null,
    evidence: { tasks: 0, digest: digestOf([]).digest, readings: 0, calls: 0, oldestReadAt: null, newestReadAt: null },
    missing: [],
    unsettled: [],
    doubts: [],
  };
}

function ofApi(database: Db, picture: ApiPicture, asked: { range: TimeRange; now: number }): CertificateOfApi {
  const { api } = picture;
  const { range } = asked;
  const number = numberOf(database, api);
  const missing = lackOf(database, picture, asked);
  const filter = { ...NO_FILTER, ...range, api };
  const byTag = costs(database, filter, ['tag']);
  const totals = totalsOf(costs(database, filter, []));
  const evidence = evidenceOf(database, number, range);
  return {
    api,
    // Late tasks make more than was listed; fewer are there only where some were taken out of the record.
    complete: missing.length === 0 && totals.tasks >= evidence.tasks,
    since: iso(range.since),
    until: iso(range.until),
    ...totals,
    later: 0,
    metadataSince: range.since < picture.origins.metadata ? iso(picture.origins.metadata) : null,
    withMetadata: totalsOf(byTag.filter(({ metadataState }) => metadataState === 'held')).tasks,
    evidence,
    missing: missing.map(({ since, until, grade, why, detail }) => ({
      since: iso(since),
      until: iso(until),
      grade,
      why,
      detail,
    })),
    unsettled: unsettledOf(picture.segments, range).map(({ since, until }) => ({
      since: iso(since),
      until: iso(until),
    })),
    doubts: countDoubts(database, api, { since: toSeconds(range.since), until: toSeconds(range.until) }),
  };
}

function lackOf(database: Db, picture: ApiPicture, asked: { range: TimeRange; now: number }) {
  const losses = createCoverageStore(database).losses(numberOf(database, picture.api));
  return missingOf(picture, losses, asked);
}

function numberOf(database: Db, api: string): number {
  return database.prepare<[string], number>('select id from api where name = ?').pluck().get(api) ?? 0;
}

type SegmentRow = { readonly since: number; readonly until: number; readonly rows: number; readonly digest: string };
type ReadingsRow = {
  readonly readings: number;
  readonly calls: number;
  readonly oldest: number | null;
  readonly newest: number | null;
};

function evidenceOf(database: Db, api: number, range: TimeRange): CertificateOfApi['evidence'] {
  const [since, until] = [toSeconds(range.since), toSeconds(range.until)];
  const segments = database
    .prepare<[number, number, number], SegmentRow>(
      'select since, until, rows, digest from segment where api = ? and since < ? and until > ? order by since',
    )
    .all(api, until, since);
  const readings = database
    .prepare<[number, number, number], ReadingsRow>(
      `select count(*) as readings, ifnull(sum(calls), 0) as calls, min(finished_at) as oldest, max(finished_at) as newest
       from walk where id in (select walk from segment where api = ? and since < ? and until > ?)`,
    )
    .get(api, until, since);
  const { rows, digest } = addDigests(
    segments.map((segment) => digestWithin(database, api, { segment, since, until })),
  );
  return {
    tasks: rows,
    digest,
    readings: readings?.readings ?? 0,
    calls: readings?.calls ?? 0,
    oldestReadAt: isoOrNull(readings?.oldest ?? null),
    newestReadAt: isoOrNull(readings?.newest ?? null),
  };
}

/** The list of a reading is not kept: of a stretch that the range cuts it is worked out from the tasks known when it was read. */
function digestWithin(database: Db, api: number, at: { segment: SegmentRow; since: number; until: number }): IdDigest {
  const { segment, since, until } = at;
  if (segment.since >= since && segment.until <= until) return segment;
  return digestOf(
    database
      .prepare<[number, number, number, number, number], string>(
        `select id from task where api = ? and posted_at >= ? and posted_at < ? and first_seen_at <=
           (select finished_at from walk join segment on segment.walk = walk.id where segment.api = ? and segment.since = ?)`,
      )
      .pluck()
      .iterate(api, Math.max(segment.since, since), Math.min(segment.until, until), api, segment.since),
  );
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

function isoOrNull(seconds: number | null): string | null {
  return seconds === null ? null : iso(toMs(seconds));
}
