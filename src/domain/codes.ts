import type { DataForSeoErrorCode } from './errors.ts';
import type { TaskState } from './task.ts';

/** What an answer said at its three levels; null where a level said nothing. `message` is that of the deciding level. */
export type AnswerCodes = {
  readonly httpStatus: number;
  readonly envelopeCode: number | null;
  readonly taskCode: number | null;
  readonly message: string | null;
};

export type Refusal = {
  readonly outcome: DataForSeoErrorCode;
  /** The server gave up on a page for its size: fewer rows may help. */
  readonly tooLarge: boolean;
  /** What a person should do; absent where nobody need act. */
  readonly hint?: string;
};

export type Verdict = { readonly outcome: 'ok' } | Refusal;

const OK = 20_000;
const INVALID_FIELD = 40_501;

const transient: Refusal = { outcome: 'unavailable', tooLarge: false };
const tooSlow: Refusal = { outcome: 'unavailable', tooLarge: true };
const throttled: Refusal = { outcome: 'throttled', tooLarge: false };
const account = (hint: string): Refusal => ({ outcome: 'account_refused', tooLarge: false, hint });
const thisApi = (hint: string): Refusal => ({ outcome: 'api_refused', tooLarge: false, hint });

const OUR_BUG: Refusal = {
  outcome: 'rejected',
  tooLarge: false,
  hint: 'This call was built wrongly or means something that this version does not know. Please report it with its code and text.',
};
const UNAUTHORIZED = account(
  'Check DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD against https://app.dataforseo.com/api-access: the API password is not that of the website.',
);
const UNPAID = account('Add funds at https://app.dataforseo.com: DataForSEO answers no call until then.');
const NOT_FOUND = thisApi('Check this API in LEDGER_APIS, and DATAFORSEO_URL.');

/** The table of codes (docs/endpoint.md, "Codes, by what to do"). What is not here is classified by `classifyAnswer`. */
export const CODES: ReadonlyMap<number, Refusal> = new Map([
  [40_202, throttled],
  [40_209, transient],
  [50_000, transient],
  [50_001, transient],
  [50_301, transient],
  [50_303, transient],
  [50_304, transient],
  [50_401, tooSlow],
  [40_100, UNAUTHORIZED],
  [40_104, account('Verify the account: sign in at https://app.dataforseo.com and follow what it asks for.')],
  [40_200, UNPAID],
  [
    40_201,
    account('DataForSEO has blocked or paused this account: sign in at https://app.dataforseo.com or ask its support.'),
  ],
  [
    40_207,
    account(
      'The account only accepts listed IP addresses: add that of this machine at https://app.dataforseo.com/api-access.',
    ),
  ],
  [40_210, UNPAID],
  [
    40_204,
    thisApi('Activate the subscription of this API at https://app.dataforseo.com, or take it out of LEDGER_APIS.'),
  ],
  [40_400, NOT_FOUND],
  [40_402, NOT_FOUND],
  [40_000, OUR_BUG],
  [40_006, OUR_BUG],
  [INVALID_FIELD, OUR_BUG],
  [40_502, OUR_BUG],
  [40_503, OUR_BUG],
  [40_506, OUR_BUG],
  [50_100, OUR_BUG],
]);

const WRONG_ADDRESS = account(
  'Check DATAFORSEO_URL: something else than the API answers there (redirects are not followed).',
);
const FORBIDDEN = account(
  'Something between here and DataForSEO forbids the call: a firewall, a proxy, or a block of this IP address.',
);

const HTTP_STATUSES: ReadonlyMap<number, Refusal> = new Map([
  [401, UNAUTHORIZED],
  [402, UNPAID],
  [403, FORBIDDEN],
  [404, NOT_FOUND],
  [407, FORBIDDEN],
  [408, tooSlow],
  [425, transient],
  [429, throttled],
  [504, tooSlow],
]);

/**
 * What to do after an answer. The task's code goes before the envelope's, and a known code before the HTTP status, except
 * that HTTP 429 is a throttle whatever its body says. An unknown 5xxxx is transient; any other unknown code needs a person.
 */
export function classifyAnswer(answer: AnswerCodes): Verdict {
  if (answer.httpStatus === 429) return throttled;
  const code = decidingCode(answer);
  const known = code === null ? undefined : CODES.get(code);
  if (known !== undefined) return code === INVALID_FIELD ? invalidField(answer.message ?? '') : known;
  if (answer.httpStatus < 200 || answer.httpStatus > 299) return classifyHttp(answer.httpStatus);
  if (code === null) return transient;
  if (code === OK) return { outcome: 'ok' };
  return is5xxxx(code) ? transient : OUR_BUG;
}

/** The code that says most: the task's unless it is fine, then the envelope's; null when neither gave one. */
export function decidingCode(answer: Pick<AnswerCodes, 'envelopeCode' | 'taskCode'>): number | null {
  const { envelopeCode, taskCode } = answer;
  if (taskCode !== null && taskCode !== OK) return taskCode;
  if (envelopeCode !== null && envelopeCode !== OK) return envelopeCode;
  return taskCode ?? envelopeCode;
}

function classifyHttp(status: number): Refusal {
  const known = HTTP_STATUSES.get(status);
  if (known !== undefined) return known;
  if (status >= 500) return transient;
  return status >= 300 && status <= 399 ? WRONG_ADDRESS : OUR_BUG;
}

function is5xxxx(code: number): boolean {
  return code >= 50_000 && code <= 59_999;
}

/** `Invalid Field: datetime_to - must be earlier than present date`: the field that is named first is the wrong one. */
function invalidField(message: string): Refusal {
  const field = /datetime_(?:from|to)/i.exec(message)?.[0].toLowerCase();
  if (field === 'datetime_from') return { outcome: 'too_old', tooLarge: false };
  if (field === 'datetime_to') return { outcome: 'not_past', tooLarge: false };
  return OUR_BUG;
}

const STATES: ReadonlyMap<number, TaskState> = new Map([
  [OK, 'finished'],
  [20_100, 'pending'],
  [40_601, 'pending'],
  [40_602, 'pending'],
  [40_102, 'empty'],
  [40_106, 'partial'],
]);

/** The texts of those codes, in lower case and without the full stop. */
const TEXTS: ReadonlyMap<string, number> = new Map([
  ['ok', OK],
  ['task created', 20_100],
  ['task handed', 40_601],
  ['task in queue', 40_602],
  ['no search results', 40_102],
]);

export type TaskOutcome = { readonly state: TaskState; readonly statusCode: number | null };

/**
 * What became of a task, by its row's `status`: a code as text or number, the text of a code, or a text that nobody knows.
 *
 * @param status - As received; null when there was none.
 * @param isDone - Whether the row has a `datetime_done`; it decides where the status tells nothing.
 */
export function classifyStatus(status: string | number | null, isDone: boolean): TaskOutcome {
  const statusCode = codeOf(status);
  if (statusCode !== null) return { state: STATES.get(statusCode) ?? 'failed', statusCode };
  return { state: isDone ? 'finished' : 'pending', statusCode: null };
}

function codeOf(status: string | number | null): number | null {
  const text = String(status ?? '').trim();
  if (/^[1-9]\d{4}$/.test(text)) return Number(text);
  const plain = text
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/\s*\.$/, '');
  return TEXTS.get(plain) ?? null;
}
