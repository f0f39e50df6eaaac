import type { Certificate, CertificateOfApi, MissingStretch } from '../../domain/certificate.ts';
import { CERTIFICATE_MEANING, cautionsOf, headOf, wordsOfLack } from '../../domain/certificate-words.ts';
import { dollars } from '../../domain/money.ts';
import { count, counted, instant } from '../format.ts';

/** Of each kind of stretch so many are told; JSON has them all. */
const MOST_SHOWN = 20;
const LABEL_WIDTH = 16;

/** The certificate to be printed or signed, for readers who know nothing of this program. */
export function certificateText(certificate: Certificate): readonly string[] {
  const { complete, apis } = certificate;
  return [
    'CERTIFICATE OF COVERAGE',
    'of the record of tasks that a DataForSEO account has run',
    '',
    complete
      ? 'COMPLETE: nothing is missing in the times below.'
      : 'NOT COMPLETE: something is missing; what it is stands below.',
    '',
    ...headOf(certificate, instant).map(([label, text]) => labelled(label, text)),
    ...apis.flatMap(apiText),
    '',
    ...CERTIFICATE_MEANING,
  ];
}

function labelled(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${text}`;
}

function apiText(api: CertificateOfApi): string[] {
  const { since, until, tasks, withMetadata, costMicros, evidence, missing, unsettled, doubts } = api;
  if (since === null || until === null) {
    return ['', `API ${api.api}: NOT COMPLETE, nothing has been read yet`];
  }
  const { readings, calls, oldestReadAt, newestReadAt } = evidence;
  return [
    '',
    `API ${api.api}: ${api.complete ? 'COMPLETE' : 'NOT COMPLETE'}`,
    labelled('From', instant(since)),
    labelled('Up to', `${instant(until)} (this second excluded)`),
    labelled('Tasks', `${count(tasks)}, ${count(withMetadata)} of them with their parameters and tag`),
    labelled('Cost', `${dollars(costMicros)} dollars`),
    labelled(
      'Proven by',
      `${counted(readings, 'reading')} of DataForSEO's list, ${counted(calls, 'call')}, made from ${instant(oldestReadAt)} to ${instant(newestReadAt)}`,
    ),
    labelled('They listed', `${counted(evidence.tasks, 'task')}, digest of their ids ${evidence.digest}`),
    labelled('Missing', missing.length === 0 ? 'nothing' : counted(missing.length, 'stretch', 'stretches')),
    ...some(missing, missingText),
    labelled(
      'In doubt',
      doubts.length === 0 ? 'nothing' : doubts.map((doubt) => `${count(doubt.count)} × ${doubt.kind}`).join(', '),
    ),
    labelled('Not settled yet', unsettled.length === 0 ? 'nothing' : counted(unsettled.length, 'stretch', 'stretches')),
    ...some(unsettled, (range) => `${instant(range.since)} to ${instant(range.until)}`),
    ...cautionsOf(api).map((caution) => labelled('Careful', caution)),
  ];
}

function some<Told>(told: readonly Told[], say: (one: Told) => string): string[] {
  const indent = ' '.repeat(LABEL_WIDTH);
  const rest = told.length - MOST_SHOWN;
  return [
    ...told.slice(0, MOST_SHOWN).map((one) => `${indent}- ${say(one)}`),
    ...(rest > 0 ? [`${indent}… and ${count(rest)} more (--format json has all)`] : []),
  ];
}

function missingText(stretch: MissingStretch): string {
  const { what, how } = wordsOfLack(stretch);
  return `${instant(stretch.since)} to ${instant(stretch.until)}: ${what}, ${how} (${stretch.detail})`;
}
