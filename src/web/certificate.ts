import type { Certificate, CertificateOfApi, MissingStretch } from '../domain/certificate.ts';
import {
  cautionsOf,
  CERTIFICATE_MEANING,
  factsOfApi,
  headOf,
  verdictOf,
  verdictOfApi,
  wordsOfLack,
} from '../domain/certificate-words.ts';
import { factsOf, foreign, h, unbroken } from './dom.ts';
import { count, moment } from './format.ts';
import { tableOf } from './table.ts';

/** What an auditor gets, to be printed. */
export function certificateOf(certificate: Certificate): Node {
  const { apis } = certificate;
  const { verdict, text } = verdictOf(certificate);
  return h(
    'div',
    { class: 'certificate' },
    h('p', { class: 'lead verdict', 'data-verdict': verdict }, text),
    factsOf(headOf(certificate)),
    ...apis.map(ofApi),
    h('p', { class: 'note' }, CERTIFICATE_MEANING.join(' ')),
  );
}

function ofApi(api: CertificateOfApi): HTMLElement {
  const facts = factsOfApi(api).map(({ label, text, stretches }): readonly [string, string | Node] => {
    const isBelow = label === 'Missing';
    return [label, isBelow || stretches.length === 0 ? text : h('div', {}, text, someOf(stretches))];
  });
  const { verdict, text } = verdictOfApi(api);
  return h(
    'section',
    {},
    h('h3', { class: 'verdict', 'data-verdict': verdict }, `${api.api}: ${text}`),
    factsOf(facts),
    ...cautionsOf(api).map((caution) => h('p', { class: 'careful' }, ...unbroken(caution))),
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
  const table = tableOf(columns, missing, { caption: 'What is missing' });
  return h('div', { class: 'scroll tall', tabindex: '0', role: 'group', 'aria-label': 'What is missing' }, table);
}

const MOST_NAMED = 5;

function someOf(stretches: readonly string[]): HTMLElement {
  const named = stretches.slice(0, MOST_NAMED);
  const rest = stretches.length - named.length;
  const lines = [...named, ...(rest > 0 ? [`and ${count(rest)} more`] : [])];
  return h('ul', { class: 'stretches' }, ...lines.map((line) => h('li', {}, line)));
}
