import { intersect, subtract, union, type Segment } from './coverage.ts';
import { gapsOf, type ApiPicture } from './gaps.ts';
import type { Grade } from './task.ts';
import type { TimeRange } from './time-range.ts';

/**
 * What an auditor gets: whether every second of a range is on record, with what proves it. `report coverage --format json` to the
 * letter. Instants are ISO 8601 in UTC by the server's clock.
 */
export type Certificate = {
  /** Nothing is missing in any API, neither a time nor a task that was listed. */
  readonly complete: boolean;
  readonly made: string;
  readonly version: string;
  readonly ledger: { readonly path: string; readonly schemaVersion: number };
  /** Whose record this is: `SALT:HASH`, the SHA-256 of `SALT:LOGIN` in hexadecimal; null before the first page is saved. */
  readonly account: string | null;
  readonly apis: readonly CertificateOfApi[];
};

export type CertificateOfApi = {
  readonly api: string;
  readonly complete: boolean;
  /** Null: nothing of it has been read yet. */
  readonly since: string | null;
  readonly until: string | null;
  /** What the ledger holds of the range. */
  readonly tasks: number;
  readonly costMicros: number;
  /** Tasks on record that were posted at `until` or after it, where nobody has asked for an end; else 0. */
  readonly later: number;
  /** Of `tasks` those with their parameters. */
  readonly withMetadata: number;
  /** The server no longer listed what came before this with parameters when the ledger began; null where that leaves nothing out. */
  readonly metadataSince: string | null;
  /** What the readings that prove it listed; the digest is the sum mod 2^128 of the first 16 bytes of the SHA-256 of each id. */
  readonly evidence: {
    readonly tasks: number;
    readonly digest: string;
    readonly readings: number;
    readonly calls: number;
    readonly oldestReadAt: string | null;
    readonly newestReadAt: string | null;
  };
  /** The times that are missing. Where there are none and it is not complete, it holds fewer tasks than were listed. */
  readonly missing: readonly MissingStretch[];
  /** Read before all of its tasks need have been listed; they are read once more. No lack. */
  readonly unsettled: readonly { readonly since: string; readonly until: string }[];
  /** Where the server contradicted itself, by kind. No lack. */
  readonly doubts: readonly { readonly kind: string; readonly count: number }[];
};

/**
 * - `unread`: the server still lists it, and it has not been read yet.
 * - `lost`: it left what the server lists before it was read.
 * - `before_ledger`: it was gone before this ledger began.
 * `metadata`: only parameters and tags are missing; ids, costs and states are there.
 */
export type MissingStretch = {
  readonly since: string;
  readonly until: string;
  readonly grade: Grade;
  readonly why: 'unread' | 'lost' | 'before_ledger';
  readonly detail: string;
};

type Lost = TimeRange & { readonly grade: Grade; readonly lostAt: number; readonly reason: string };
export type Missing = TimeRange & Pick<MissingStretch, 'grade' | 'why' | 'detail'>;

/** The range that is certified where none is asked for: from the ledger's birth to its last reading; null before that. */
export function certifiable({ origins, segments }: ApiPicture): TimeRange | null {
  const since = Math.min(origins.ids, origins.metadata);
  const until = segments.at(-1)?.until ?? since;
  return since < until ? { since, until } : null;
}

/** What of `range` no reading has proven, or only without metadata although it could be had; by time. */
export function missingOf(
  picture: ApiPicture,
  losses: readonly Lost[],
  asked: { range: TimeRange; now: number },
): Missing[] {
  const { range, now } = asked;
  const lost = losses.flatMap((loss) =>
    intersect([loss], [range]).flatMap((part) =>
      (loss.grade === 'ids' ? subtract([part], picture.segments) : [part]).map((rest): Missing => ({
        ...rest,
        grade: loss.grade,
        why: 'lost',
        detail: loss.reason,
      })),
    ),
  );
  const unproven = subtract([range], [...picture.segments, ...lost.filter(({ grade }) => grade === 'ids')]);
  const birth = Math.min(picture.origins.ids, picture.origins.metadata);
  const missing = unproven
    .flatMap((part) => splitAt(part, birth))
    .map((part): Missing =>
      part.until <= birth
        ? {
            ...part,
            grade: 'ids',
            why: 'before_ledger',
            detail: 'the server no longer listed it when this ledger began',
          }
        : {
            ...part,
            grade: 'ids',
            why: 'unread',
            detail: part.since >= now ? 'it lies in the future' : 'not read yet',
          },
    );
  const bare = gapsOf(picture, range.until, now).filter(({ grade }) => grade === 'metadata');
  const metadata = subtract(intersect(bare, [range]), [...unproven, ...lost]).map((part): Missing => ({
    ...part,
    grade: 'metadata',
    why: 'unread',
    detail: 'read without its parameters so far',
  }));
  return [...lost, ...missing, ...metadata].sort((a, b) => a.since - b.since);
}

function splitAt(range: TimeRange, at: number): TimeRange[] {
  if (at <= range.since || at >= range.until) return [range];
  return [
    { since: range.since, until: at },
    { since: at, until: range.until },
  ];
}

export function unsettledOf(segments: readonly Segment[], range: TimeRange): TimeRange[] {
  return intersect(union(segments.filter(({ settledAt }) => settledAt === null)), [range]);
}
