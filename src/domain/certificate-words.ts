import type { Certificate, CertificateOfApi, MissingStretch } from './certificate.ts';
import { dollars } from './money.ts';
import { count, counted, instant } from './wording.ts';

/** What a reader of the certificate must bear in mind, a sentence each: nothing of it is a time without a reading. */
export function cautionsOf({
  unsettled,
  tasks,
  evidence,
  later,
  metadataSince,
  ...api
}: CertificateOfApi): readonly string[] {
  const places = placesOf(api);
  const gone = evidence.tasks - tasks;
  return [
    ...(gone > 0
      ? [`The record holds ${counted(gone, 'task')} less than the readings listed; verify says what became of them.`]
      : []),
    ...(metadataSince === null || tasks === 0
      ? []
      : [
          `Of what came before ${metadataSince.slice(0, 19).replace('T', ' ')} there are ids, states and costs, and no parameters and tags: DataForSEO no longer listed those when this record began.`,
        ]),
    ...(later > 0
      ? [
          `${counted(later, 'task')} more on record came at or after the end of this time, and nothing proves yet that those are all.`,
        ]
      : []),
    ...(places > 0
      ? [
          `In ${counted(places, 'place')} DataForSEO contradicted itself; what it listed there is on record, and a task that it never listed would be missing.`,
        ]
      : []),
    ...(unsettled.length > 0
      ? ['Of the time that has not settled yet DataForSEO may list more tasks; it is read once more.']
      : []),
  ];
}

export type CertificateVerdict = { readonly verdict: 'complete' | 'doubtful' | 'lacking'; readonly text: string };

/** What it all comes to. A doubt is no gap, but nobody should overlook one. */
export function verdictOf({ complete, apis }: Pick<Certificate, 'complete' | 'apis'>): CertificateVerdict {
  if (!complete) return { verdict: 'lacking', text: 'Not complete: something is missing; what it is stands below.' };
  const places = apis.reduce((sum, api) => sum + placesOf(api), 0);
  if (places === 0) return { verdict: 'complete', text: 'Complete: nothing is missing in the times below.' };
  return {
    verdict: 'doubtful',
    text: `Complete, with doubts: no time below is without a reading, but in ${counted(places, 'place')} DataForSEO contradicted itself.`,
  };
}

/** The same of one API, in a few words. */
export function verdictOfApi(api: CertificateOfApi): CertificateVerdict {
  if (!api.complete) {
    const isUnread = api.since === null || api.until === null;
    return { verdict: 'lacking', text: isUnread ? 'not complete, nothing has been read yet' : 'not complete' };
  }
  const places = placesOf(api);
  if (places === 0) return { verdict: 'complete', text: 'complete' };
  return { verdict: 'doubtful', text: `complete, with ${counted(places, 'doubt')}` };
}

function placesOf({ doubts }: Pick<CertificateOfApi, 'doubts'>): number {
  return doubts.reduce((sum, { count }) => sum + count, 0);
}

/** What the certificate is of: the first lines of it, each a label and a text. */
export function headOf(certificate: Certificate): readonly (readonly [string, string])[] {
  const { made, version, ledger, account } = certificate;
  return [
    ['Made', `${instant(made)} UTC, as all times here, by the clock of DataForSEO's server`],
    ['Program', `dataforseo-ledger ${version}, schema ${ledger.schemaVersion}`],
    ['Record', ledger.path],
    ['Account', account ?? 'none yet: nothing has been read'],
  ];
}

/** A label, a text, and the stretches that it counts. */
export type CertifiedFact = { readonly label: string; readonly text: string; readonly stretches: readonly string[] };

/** What is certified of an API; none where nothing of it has been read. */
export function factsOfApi(api: CertificateOfApi): readonly CertifiedFact[] {
  const { since, until, tasks, withMetadata, costMicros, evidence, missing, unsettled, doubts } = api;
  if (since === null || until === null) return [];
  const { readings, calls, oldestReadAt, newestReadAt } = evidence;
  const fact = (label: string, text: string, stretches: readonly string[] = []) => ({ label, text, stretches });
  const stretchesIn = (all: readonly unknown[]) =>
    all.length === 0 ? 'nothing' : counted(all.length, 'stretch', 'stretches');
  return [
    fact('From', instant(since)),
    fact('Up to', `${instant(until)} (this second excluded)`),
    fact(
      'Tasks',
      tasks === 0 ? 'none' : `${count(tasks)}, ${count(withMetadata)} of them with their parameters and tag`,
    ),
    fact('Cost', `${dollars(costMicros)} dollars`),
    fact(
      'Proven by',
      readings === 0
        ? 'nothing: no reading covers any of it'
        : `${counted(readings, 'reading')} of DataForSEO's list, ${counted(calls, 'call')}, made from ${instant(oldestReadAt)} to ${instant(newestReadAt)}`,
    ),
    fact(
      'They listed',
      evidence.tasks === 0 ? 'no task' : `${counted(evidence.tasks, 'task')}, digest of their ids ${evidence.digest}`,
    ),
    fact('Missing', stretchesIn(missing), missing.map(missingText)),
    fact(
      'In doubt',
      doubts.length === 0 ? 'nothing' : doubts.map((doubt) => `${count(doubt.count)} × ${doubt.kind}`).join(', '),
    ),
    fact(
      'Not settled yet',
      stretchesIn(unsettled),
      unsettled.map((range) => `${instant(range.since)} to ${instant(range.until)}`),
    ),
  ];
}

function missingText(stretch: MissingStretch): string {
  const { what, how } = wordsOfLack(stretch);
  return `${instant(stretch.since)} to ${instant(stretch.until)}: ${what}, ${how} (${stretch.detail})`;
}

/** What of a stretch is missing, and how it came to that. */
export function wordsOfLack({ grade, why }: Pick<MissingStretch, 'grade' | 'why'>): {
  readonly what: string;
  readonly how: string;
} {
  return {
    what: grade === 'metadata' ? 'parameters and tags only' : 'tasks',
    how: { unread: 'gap', lost: 'lost for good', before_ledger: 'before this record began' }[why],
  };
}

/** For readers who know nothing of this program. In lines that fit on paper. */
export const CERTIFICATE_MEANING: readonly string[] = [
  'What this means. DataForSEO lists the tasks of an account for six months, with their parameters for one. This program reads that',
  'list in stretches of time and counts a stretch as proven only when the list, read from its first page to its last, agrees with',
  'itself. A time is missing when no such reading covers it. So this speaks of the APIs that it names, and of what DataForSEO listed',
  'of them when it was asked; of anything else it says nothing. "In doubt" counts places where the server contradicted itself. "Not',
  'settled" was read so early that late tasks may be added; it is read once more. The digest is the sum, modulo 2^128, of the first 16',
  'bytes of the SHA-256 of every task id: anyone with the ids can work it out again. Where a reading reaches beyond the range, its part',
  'is worked out from the tasks on record. Whether the record still holds what was read is for "verify" to say. The digest is of ids',
  'alone: a cost or a parameter that somebody has altered together with its sums shows only where the list is read again ("verify',
  '--reread"), while DataForSEO still lists it. The account stands as WORD:HASH, where HASH is the SHA-256, in',
  'hexadecimal, of the text WORD:LOGIN. Whoever knows the login can work it out, and whoever guesses it can make sure. Nothing here is',
  'signed.',
];
