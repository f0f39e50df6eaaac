import type { Certificate, CertificateOfApi } from '../domain/certificate.ts';
import { foreign, h } from './dom.ts';
import { count, counted, exactMoney, moment } from './format.ts';
import { tableOf } from './table.ts';

/** What an auditor gets, to be printed. */
export function certificateOf({ complete, apis }: Certificate): Node {
  const verdict = complete
    ? 'Every second of the range is on record, with the readings that prove it.'
    : 'Not every second of the range is on record; what is missing is listed.';
  return h('div', { class: 'certificate' }, h('p', { class: 'lead' }, verdict), ...apis.map(ofApi));
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
    ['Tasks', `${count(api.tasks)}, ${count(api.withMetadata)} of them with metadata`],
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
    ['May still change', counted(api.unsettled.length, 'stretch', 'stretches')],
  ];
  const missing = tableOf(
    [
      { name: 'From', cell: (stretch: CertificateOfApi['missing'][number]) => moment(stretch.since) },
      { name: 'Until', cell: (stretch) => moment(stretch.until) },
      { name: 'What', cell: (stretch) => stretch.grade },
      { name: 'Why', cell: (stretch) => stretch.why.replace('_', ' ') },
      { name: 'Detail', cell: (stretch) => foreign(stretch.detail, '', 300) },
    ],
    api.missing,
    'What is missing',
  );
  return h(
    'section',
    {},
    h('h3', {}, api.api),
    h('dl', { class: 'facts' }, ...facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])),
    ...(api.missing.length === 0 ? [] : [missing]),
  );
}
