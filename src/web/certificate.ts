import type { Certificate, CertificateOfApi, MissingStretch } from '../domain/certificate.ts';
import { cautionsOf, CERTIFICATE_MEANING, headOf, wordsOfLack } from '../domain/certificate-words.ts';
import { factsOf, foreign, h } from './dom.ts';
import { count, counted, exactMoney, moment } from './format.ts';
import { tableOf } from './table.ts';

/** What an auditor gets, to be printed. */
export function certificateOf(certificate: Certificate): Node {
  const { complete, apis } = certificate;
  const verdict = complete
    ? 'Complete: nothing is missing in the times below.'
    : 'Not complete: something is missing; what it is stands below.';
  return h(
    'div',
    { class: 'certificate' },
    h('p', { class: 'lead' }, verdict),
    factsOf(headOf(certificate, moment)),
    ...apis.map(ofApi),
    h('p', { class: 'note' }, CERTIFICATE_MEANING.join(' ')),
  );
}

function ofApi(api: CertificateOfApi): HTMLElement {
  const { evidence } = api;
  const facts: readonly (readonly [string, string])[] = [
    [
      'Range',
      api.since === null || api.until === null
        ? 'nothing is read yet'
        : `${moment(api.since)} to ${moment(api.until)} UTC`,
    ],
    ['Complete', api.complete ? 'yes' : 'no'],
    ['Tasks', `${count(api.tasks)}, ${count(api.withMetadata)} of them with their parameters and tag`],
    ['Cost', exactMoney(api.costMicros)],
    [
      'Evidence',
      `${counted(evidence.readings, 'reading')} in ${counted(evidence.calls, 'call')} listed ${counted(evidence.tasks, 'task')}`,
    ],
    [
      'Read',
      evidence.oldestReadAt === null || evidence.newestReadAt === null
        ? '–'
        : `${moment(evidence.oldestReadAt)} to ${moment(evidence.newestReadAt)} UTC`,
    ],
    ['Digest', evidence.digest],
    [
      'Doubts',
      api.doubts.length === 0 ? 'none' : api.doubts.map(({ kind, count: times }) => `${kind}: ${times}`).join(', '),
    ],
    ['Not settled yet', api.unsettled.length === 0 ? 'nothing' : unsettledIn(api)],
  ];
  return h(
    'section',
    {},
    h('h3', {}, api.api),
    factsOf(facts),
    ...cautionsOf(api).map((caution) => h('p', { class: 'careful' }, caution)),
    ...(api.missing.length === 0 ? [] : [missingTable(api.missing)]),
  );
}

/** Where room is short only the table is pushed to the side. */
function missingTable(missing: readonly MissingStretch[]): HTMLElement {
  const columns = [
    { name: 'From', nowrap: true, cell: (stretch: MissingStretch) => moment(stretch.since) },
    { name: 'Until', nowrap: true, cell: (stretch: MissingStretch) => moment(stretch.until) },
    { name: 'What', cell: (stretch: MissingStretch) => wordsOfLack(stretch).what },
    { name: 'How', cell: (stretch: MissingStretch) => wordsOfLack(stretch).how },
    { name: 'Detail', cell: (stretch: MissingStretch) => foreign(stretch.detail, '', 300) },
  ];
  const table = tableOf(columns, missing, 'What is missing');
  return h('div', { class: 'scroll tall', tabindex: '0', role: 'group', 'aria-label': 'What is missing' }, table);
}

const MOST_NAMED = 5;

function unsettledIn({ unsettled }: CertificateOfApi): string {
  const named = unsettled.slice(0, MOST_NAMED).map(({ since, until }) => `${moment(since)} to ${moment(until)}`);
  const rest = unsettled.length - named.length;
  return [...named, ...(rest > 0 ? [`${count(rest)} more`] : [])].join(', ');
}
