import { formatWireTime } from '../time.ts';
import { messageOf } from './codes.ts';
import { postedBody, tagOf, targetOf } from './metadata.ts';
import type { TaskModel } from './model.ts';
import type { SimulatorOptions } from './options.ts';
import { chance, pick } from './random.ts';

const SALT = { status: 60, url: 61, unknown: 62, nulls: 63, nulled: 64, noId: 65, noPosted: 66, noMetadata: 67 };

const STATUS_FORMS = ['code', 'number', 'message', 'ok'] as const;
const NULLABLE = ['url', 'status', 'cost', 'datetime_done', 'metadata'] as const;
const URL_FORMS = ['relative', 'rooted', 'absolute'] as const;

/** Everything that is true of a simulated task, whether it is listed or not. Instants epoch ms, whole seconds. */
export type SimulatedTask = {
  /** Counts from the oldest; names the task in `listing.hidden`. */
  readonly index: number;
  readonly id: string;
  readonly api: string;
  /** `backlinks/summary/live` */
  readonly endpoint: string;
  readonly postedAt: number;
  readonly doneAt: number;
  /** When it is listed for the first time; not before `postedAt`. */
  readonly listedAt: number;
  /** How it ends. */
  readonly code: number;
  /** Once finished, before any refund. */
  readonly costMicros: number;
  readonly refundedAt: number | null;
  readonly tag: string | null;
  readonly target: string;
  /** As listed once finished: null or undefined where the options keep it back. Made when it is read, since it may be megabytes. */
  readonly metadata: unknown;
};

export function taskAt(model: TaskModel, options: SimulatorOptions, index: number): SimulatedTask {
  return {
    index,
    id: model.id(index),
    api: model.api,
    endpoint: model.endpoint(index),
    postedAt: model.postedAt(index),
    doneAt: model.doneAt(index),
    listedAt: model.listedAt(index),
    code: model.code(index),
    costMicros: model.cost(index).micros,
    refundedAt: model.refundedAt(index),
    tag: tagOf(model, options.metadata, index),
    target: targetOf(model, options.metadata, index),
    get metadata() {
      return listedMetadata(model, options, index, true);
    },
  };
}

/** One row as `id_list` writes it at a moment (docs/endpoint.md); its JSON is what goes over the wire. */
export type WireRow = Readonly<Record<string, unknown>>;

export function rowAt(
  model: TaskModel,
  options: SimulatorOptions,
  index: number,
  asked: { readonly now: number; readonly metadata: boolean },
): WireRow {
  const draw = (salt: number) => chance(model.seed, index, salt);
  const form = options.rows;
  const done = model.doneAt(index);
  const pending = done > asked.now;
  const status = pending ? form.pendingStatus : model.code(index);
  const row: Record<string, unknown> = {};
  if (draw(SALT.noId) >= form.withoutIdShare) row['id'] = model.id(index);
  row['url'] = urlForm(model.endpoint(index), form.url === 'mixed' ? pick(URL_FORMS, draw(SALT.url)) : form.url);
  if (draw(SALT.noPosted) >= form.withoutPostedShare) row['datetime_posted'] = formatWireTime(model.postedAt(index));
  if (!pending) row['datetime_done'] = formatWireTime(done);
  else if (form.pendingDone !== 'missing') row['datetime_done'] = form.pendingDone === 'null' ? null : '';
  row['status'] = statusForm(status, form.status === 'mixed' ? pick(STATUS_FORMS, draw(SALT.status)) : form.status);
  row['cost'] = isCharged(model, index, asked.now) ? model.cost(index).dollars : 0;
  const unasked = options.metadata.unasked === 'null' ? null : undefined;
  const metadata = asked.metadata ? listedMetadata(model, options, index, !pending) : unasked;
  if (metadata !== undefined) row['metadata'] = metadata;
  if (draw(SALT.unknown) < form.unknownFieldsShare) Object.assign(row, { priority: 2, postback: { state: 'sent' } });
  if (draw(SALT.nulls) < form.nullFieldShare) row[pick(NULLABLE, draw(SALT.nulled))] = null;
  return row;
}

/** Whether its cost is on the account at the moment `now`: not before it is finished, not after a refund. */
export function isCharged(model: TaskModel, index: number, now: number): boolean {
  const refundedAt = model.refundedAt(index);
  return model.doneAt(index) <= now && (refundedAt === null || refundedAt > now);
}

function listedMetadata(model: TaskModel, { metadata }: SimulatorOptions, index: number, finished: boolean): unknown {
  if (metadata.form === 'absent') return undefined;
  if (metadata.form === 'null') return null;
  if (!finished && !metadata.whilePending) return null;
  if (finished && chance(model.seed, index, SALT.noMetadata) < metadata.missingShare) return null;
  const body = postedBody(model, metadata, index);
  return metadata.form === 'list' ? [body] : body;
}

function urlForm(endpoint: string, form: (typeof URL_FORMS)[number]): string {
  const relative = `v3/${endpoint}`;
  if (form === 'relative') return relative;
  return form === 'rooted' ? `/${relative}` : `https://api.dataforseo.com/${relative}`;
}

function statusForm(code: number, form: (typeof STATUS_FORMS)[number]): string | number {
  switch (form) {
    case 'code':
      return String(code);
    case 'number':
      return code;
    case 'message':
      return messageOf(code);
    case 'ok':
      return messageOf(code).toLowerCase().replace(/\.$/, '');
  }
}
