import { expiringSoon, lagMs, type AlertTerms } from '../domain/alert-conditions.ts';
import type { AlertLetter, Notice } from '../domain/alert-decision.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { TOO_MUCH } from '../domain/loss-ahead.ts';
import { bytes, count, counted, duration, instant } from '../domain/wording.ts';

/** Who tells it, and what it takes to tell it without a secret. */
export type Sender = {
  readonly host: string;
  readonly version: string;
  /** Takes every secret out of a text. */
  readonly scrub: (text: string) => string;
};

/** The circumstances of a notice, for its words. */
export type Scene = {
  readonly snapshot: Snapshot;
  readonly terms: AlertTerms;
  /** How many there are of each kind among the newest so many doubts. */
  readonly newestDoubts: (most: number) => readonly { readonly kind: string; readonly count: number }[];
};

/** What is wrong, what comes of it, and what a person should do; sentences. */
type Words = { readonly what: string; readonly then: string; readonly todo: string };

const LONGEST_REASON = 400;
const LONGEST_TEXT = 1_500;
/** Of stretches that are about to be lost so many are named. */
const MOST_NAMED = 3;

/** The letter that says it (docs/alerts.md, "The message"). @param madeAt - Epoch ms of this machine's clock. */
export function letterOf(notice: Notice, given: Scene, sender: Sender & { readonly madeAt: number }): AlertLetter {
  const { kind, api, status, severity } = notice;
  const { scrub } = sender;
  const scene = { ...given, snapshot: withoutSecrets(given.snapshot, scrub) };
  const words = status === 'raised' ? raised(notice, scene) : recovered(notice, scene);
  const since = isoOf(notice.since);
  const id = [kind, ...(api === null ? [] : [api]), since, status, isoOf(notice.at)].join(' ');
  const message = {
    text: scrub(textOf(notice, words, sender)),
    id,
    alert: kind,
    status,
    severity: severity === 2 ? 'critical' : 'warning',
    api,
    since,
    at: isoOf(notice.at),
    ...words,
    host: sender.host,
    ledger: scene.snapshot.ledger.path,
    version: sender.version,
  };
  return { id, body: JSON.stringify(message), madeAt: sender.madeAt };
}

/** Before anything is cut, else half a secret could be left standing. */
function withoutSecrets(snapshot: Snapshot, scrub: (text: string) => string): Snapshot {
  const { reason, ledger, backlog, refused } = snapshot;
  const willExpire = backlog.willExpire.map((loss) => ({ ...loss, reason: scrub(loss.reason) }));
  return {
    ...snapshot,
    reason: scrub(reason),
    refused: Object.fromEntries(
      Object.entries(refused).map(([api, refusal]) => [api, { ...refusal, reason: scrub(refusal.reason) }]),
    ),
    ledger: { ...ledger, path: scrub(ledger.path) },
    backlog: { ...backlog, willExpire },
  };
}

function textOf({ kind, api, status }: Notice, { what, then, todo }: Words, { host }: Sender): string {
  const head = `${status === 'raised' ? NAMES[kind] : `Over: ${NAMES[kind]}`}${api === null ? '' : ` (${api})`}`;
  const text = [`dataforseo-ledger on ${host}: ${head}.`, what, then, todo].filter((part) => part !== '').join(' ');
  return forChat(text);
}

const NAMES: Readonly<Record<Notice['kind'], string>> = {
  parked: 'parked',
  behind: 'behind',
  loss_ahead: 'loss ahead',
  doubt: 'new doubts',
  disk: 'disk',
};

function raised(notice: Notice, scene: Scene): Words {
  switch (notice.kind) {
    case 'parked':
      return parked(notice, scene.snapshot);
    case 'behind':
      return behind(notice, scene);
    case 'loss_ahead':
      return lossAhead(scene.snapshot);
    case 'doubt':
      return doubts(notice, scene);
    case 'disk':
      return disk(scene.snapshot);
  }
}

function parked({ since, api }: Notice, snapshot: Snapshot): Words {
  const first = soonest(snapshot, api);
  const reason = api === null ? snapshot.reason : (snapshot.refused[api]?.reason ?? '');
  const loses = first === null ? '' : ` The first of it leaves at ${instant(first)} UTC.`;
  return {
    what: `Nothing${api === null ? '' : ` of ${api}`} can be read since ${instant(isoOf(since))} UTC. ${asSentence(reason)}`,
    then: `It asks again by itself, at least once an hour; what leaves the window meanwhile is lost.${loses}`,
    todo: 'Do what the reason says; nothing needs to be restarted, unless a setting changes.',
  };
}

/** The earliest moment at which a gap begins to be lost, of one API or of all. */
function soonest({ coverage }: Snapshot, api: string | null): string | null {
  const concerned = Object.entries(coverage).filter(([each]) => api === null || each === api);
  const moments = concerned.flatMap(([, { gaps }]) => gaps.map(({ expiresAt }) => expiresAt));
  return moments.sort()[0] ?? null;
}

function behind({ api, since }: Notice, { snapshot, terms }: Scene): Words {
  const lateMs = lagMs(snapshot, api ?? '', terms);
  const { calls, etaSeconds, exact } = snapshot.backlog;
  const readUpTo = snapshot.tail[api ?? '']?.readUpTo ?? null;
  const figure =
    readUpTo === null || lateMs === null || !Number.isFinite(lateMs)
      ? `No task of ${api ?? 'it'} was read yet`
      : `The ledger lags ${duration(lateMs / 1000)} behind the tasks of ${api ?? 'it'}, read up to ${instant(readUpTo)} UTC`;
  const least = exact ? '' : 'at least ';
  return {
    what: `${figure}; so since ${instant(isoOf(since))} UTC. ${asSentence(`It is ${snapshot.state}: ${snapshot.reason}`)}`,
    then: `What is read is not current. ${counted(calls, 'call')} wait, which take ${least}${duration(etaSeconds)}; nothing is lost as long as that is less than the window.`,
    todo: 'If it stays so, see whether others use the account too, and whether the server is slow: status tells the last failure.',
  };
}

function lossAhead(snapshot: Snapshot): Words {
  const soon = expiringSoon(snapshot);
  const named = soon.slice(0, MOST_NAMED).map(({ api, grade, since, until, expiresAt }) => {
    const of = `${grade} of ${api} from ${instant(since)} to ${instant(until)}`;
    return `${of} (from ${instant(expiresAt)} on)`;
  });
  const more = soon.length > MOST_NAMED ? ` and ${count(soon.length - MOST_NAMED)} more` : '';
  const reasons = [...new Set(soon.map(({ reason }) => reason))];
  return {
    what: `What leaves the window before it is read: ${named.join(', ')}${more}, all UTC. ${reasons.slice(0, MOST_NAMED).map(asReason).join(' ')}`,
    then: 'It will be lost within a day: DataForSEO lists metadata for one month and ids for six.',
    todo: reasons.every((reason) => reason === TOO_MUCH)
      ? 'Let nobody else use the calls of this account for id_list, and let this run without a stop; see plan.'
      : 'Do what the reason says, and let this run without a stop; see plan.',
  };
}

function doubts({ more }: Notice, { snapshot, newestDoubts }: Scene): Words {
  const kinds = newestDoubts(more).map(({ kind, count: many }) => `${count(many)} ${kind}`);
  return {
    what: `The server contradicted itself: ${counted(more, 'new doubt')} (${kinds.join(', ')}), ${count(snapshot.doubts)} in all.`,
    then: 'What was received is kept, nothing is deleted; a stretch in doubt may lack tasks.',
    todo: 'Look at the view doubts; docs/architecture.md says what each kind means.',
  };
}

function disk({ disk: outlook }: Snapshot): Words {
  if (outlook === null) return { what: '', then: '', todo: '' };
  const { freeBytes, totalBytes, bytesPerDay, daysLeft, state } = outlook;
  const lasts = daysLeft === null ? 'for years' : `for ${duration(daysLeft * 86_400)}`;
  return {
    what: `${state === 'full' ? 'The disk of the ledger is nearly full' : 'The disk of the ledger runs low'}: ${bytes(freeBytes)} of ${bytes(totalBytes)} are free.`,
    then: `The ledger grows by ${bytes(bytesPerDay)} a day: it lasts ${lasts}. Then nothing can be saved, and so nothing is read.`,
    todo: 'Make room, or enlarge the volume; what was read is safe.',
  };
}

function recovered({ kind, api, since, at }: Notice, { snapshot }: Scene): Words {
  const after = `after ${duration((at - since) / 1000)}`;
  const plain = { then: '', todo: '' };
  if (api !== null && !Object.hasOwn(snapshot.coverage, api))
    return { ...plain, what: `${api} is no longer read: it was taken out of LEDGER_APIS.` };
  switch (kind) {
    case 'parked':
      return {
        ...plain,
        what: `DataForSEO answers ${api === null ? '' : `for ${api} `}again, ${after}. What was left is read now.`,
      };
    case 'behind':
      return { ...plain, what: `The ledger is current again, ${after}.` };
    case 'loss_ahead':
      return { ...plain, what: averted(snapshot, since) };
    case 'doubt':
      return { ...plain, what: 'There are no doubts.' };
    case 'disk':
      return { ...plain, what: `There is room again, ${after}: ${bytes(snapshot.disk?.freeBytes ?? 0)} are free.` };
  }
}

/** It ends in either of two ways. */
function averted({ coverage }: Snapshot, since: number): string {
  const lost = Object.entries(coverage).flatMap(([api, { losses }]) =>
    losses.filter(({ lostAt }) => Date.parse(lostAt) >= since).map(() => api),
  );
  if (lost.length === 0)
    return `Nothing of ${Object.keys(coverage).join(', ')} is about to be lost any more: all of it will be read in time.`;
  return `Nothing more is about to be lost. ${counted(lost.length, 'stretch was', 'stretches were')} lost since then: see the view losses.`;
}

function asReason(reason: string): string {
  return asSentence(`The reason: ${reason}`);
}

/** Foreign text as a part of ours: one line that can be printed, of bounded length, and a sentence. */
function asSentence(text: string): string {
  const line = text.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]+/gu, ' ').trim();
  const short = line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON).toWellFormed()}…` : line;
  return /[.!?…]$/.test(short) ? short : `${short}.`;
}

/**
 * As Slack takes it: `<…>` is a link, a channel or a person there, so it stands escaped. Others read mentions in plain text:
 * behind an invisible space `@channel` calls nobody.
 */
function forChat(text: string): string {
  const short = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT).toWellFormed()}…` : text;
  return short
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/@(?=[\p{L}\p{N}])/gu, '@\u200b');
}

function isoOf(at: number): string {
  return new Date(Math.floor(at / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}
