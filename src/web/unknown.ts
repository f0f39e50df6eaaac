import type { Totals } from '../domain/report.ts';
import type { UnknownValue } from '../domain/unknown-value.ts';
import { at, foreign, h } from './dom.ts';
import { counted, exactMoney } from './format.ts';

const NAMES: Readonly<Record<UnknownValue['name'], string>> = {
  api: 'is of the API',
  endpoint: 'has the endpoint',
  tag: 'is known to have the tag',
  state: 'is in the state',
};

/** Says below an answer what of the filter no task has, or hides what was said before. */
export function tellUnknown(id: string, unknown: readonly UnknownValue[]): void {
  const place = at(id);
  place.hidden = unknown.length === 0;
  place.replaceChildren(...unknown.map(sentence));
}

/** Says where a ledger lacks some of the time that was asked about, with the way to what lacks, or hides what was said before. */
export function tellLack(
  complete: boolean,
  { since = '', until = '', api = '' }: Readonly<Record<string, string>>,
): void {
  at('careful').hidden = complete;
  const given = Object.entries({ report: 'coverage', since, until, api }).filter(([, value]) => value !== '');
  at('missing').setAttribute('href', `/reports?${new URLSearchParams(given).toString()}`);
}

/** Says of a search by tag or target how many tasks it may have left out, or hides what was said before. */
export function tellUnknownMetadata(id: string, unknown: Totals | null): void {
  const place = at(id);
  place.hidden = unknown === null;
  if (unknown === null) return;
  const may = unknown.tasks === 1 ? 'it' : 'any of them';
  place.textContent = `Careful: of ${counted(unknown.tasks, 'task')} of these days (${exactMoney(unknown.costMicros)}) tag and target are not known; ${may} may be meant too.`;
}

/** Says below an answer of one tag how many tasks may have it too, or hides what was said before. */
export function tellUnknownTag(id: string, unknown: Totals | null): void {
  const place = at(id);
  place.hidden = unknown === null;
  if (unknown === null) return;
  const may = unknown.tasks === 1 ? 'it' : 'any of them';
  place.textContent = `Careful: of ${counted(unknown.tasks, 'task')} of this time (${exactMoney(unknown.costMicros)}) the tag is not known; ${may} may be this customer's.`;
}

function sentence({ name, value, near }: UnknownValue): HTMLElement {
  const names = near.flatMap((each, index) => [index === 0 ? '' : ', ', foreign(each, '–', 60)]);
  const there = near.length === 0 ? [] : [` The nearest there ${near.length === 1 ? 'is' : 'are'}: `, ...names, '.'];
  return h('span', {}, `No task of this ledger ${NAMES[name]} `, foreign(value, '–', 60), '.', ...there, ' ');
}
