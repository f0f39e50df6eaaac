import { dollars } from '../../domain/money.ts';
import type { Totals } from '../../domain/report.ts';
import type { UnknownValue } from '../../domain/unknown-value.ts';
import { counted } from '../format.ts';
import { shown } from '../shown.ts';

const NAMES: Readonly<Record<UnknownValue['name'], string>> = {
  api: 'is of the API',
  endpoint: 'has the endpoint',
  tag: 'is known to have the tag',
  state: 'is in the state',
};

/** Longer tags are cut: some put a whole page into one. */
const MOST_WIDE = 60;

/**
 * Why nothing was found, so that a slip of the pen does not look like a customer without costs, nor an API that nobody reads like one without
 * tasks. @param apis - Those of the settings that this command was given; a daemon has its own.
 */
export function unknownLine({ name, value, near }: UnknownValue, apis: readonly string[]): string {
  const there =
    near.length === 0 ? '' : ` The nearest there ${near.length === 1 ? 'is' : 'are'}: ${near.map(quoted).join(', ')}.`;
  const unread =
    name === 'api' && !apis.includes(value)
      ? ` It is not among the LEDGER_APIS of this shell (${apis.join(', ')}); a daemon may have others.`
      : '';
  return `CAREFUL: no task of this ledger ${NAMES[name]} ${quoted(value)}.${unread}${there}`;
}

/** What a report of one tag may leave out, so that a bill that lacks some does not look like a whole one. */
export function unknownTagLine({ tasks, costMicros }: Totals): string {
  const may = tasks === 1 ? 'it' : 'any of them';
  return `CAREFUL: of ${counted(tasks, 'task')} of this time (${dollars(costMicros)} dollars) the tag is not known; ${may} may be this customer's.`;
}

function quoted(text: string): string {
  const cut = text.length > MOST_WIDE ? `${text.slice(0, MOST_WIDE)}…` : text;
  return JSON.stringify(shown(cut));
}
