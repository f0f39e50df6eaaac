import { rowAt, type WireRow } from '../src/simulator/rows.ts';
import type { Service } from './service.ts';

/** What is true of one task for ever, as the server would list it. Instants are epoch ms by the server's clock. */
export type Fact = {
  readonly id: string;
  readonly url: string | null;
  readonly postedAt: number;
  readonly listedAt: number;
  readonly doneAt: number;
  /** Infinity: never. */
  readonly refundedAt: number;
  readonly pendingStatus: string | null;
  readonly status: string | null;
  readonly costMicros: number;
  /** As JSON; null where the server lists none. */
  readonly metadata: string | null;
  /** What of it is listed while it is unfinished, which may be more. */
  readonly earlyMetadata: string | null;
};

/** What the ledger has been seen to know of a task, and must not forget. */
type Known = { isFinished: boolean; isRefunded: boolean; isDescribed: boolean };

export type Facts = {
  /** All tasks of an API posted before the server's now, by posted time. */
  readonly all: (api: string) => readonly Fact[];
  readonly byId: (api: string, id: string) => Fact | undefined;
  readonly knownOf: (id: string) => Known | undefined;
  readonly setKnown: (id: string, known: Known) => void;
};

export function createFacts(service: Service): Facts {
  const lists = new Map<string, Fact[]>();
  const ids = new Map<string, Map<string, Fact>>();
  const known = new Map<string, Known>();
  const extend = (api: string): Fact[] => {
    const list = lists.get(api) ?? [];
    const index = ids.get(api) ?? new Map<string, Fact>();
    lists.set(api, list);
    ids.set(api, index);
    const end = service.model(api)?.countBefore(service.now() + 1) ?? 0;
    while (list.length < end) {
      const fact = factOf(service, api, list.length);
      list.push(fact);
      index.set(fact.id, fact);
    }
    return list;
  };
  return {
    all: extend,
    byId: (api, id) => {
      extend(api);
      return ids.get(api)?.get(id);
    },
    knownOf: (id) => known.get(id),
    setKnown: (id, of) => void known.set(id, of),
  };
}

function factOf(service: Service, api: string, index: number): Fact {
  const model = service.model(api);
  if (model === null) throw new Error(`The simulated service has no ${api}.`);
  const options = service.options();
  const doneAt = model.doneAt(index);
  const finished = rowAt(model, options, index, { now: doneAt, metadata: true });
  const pending = rowAt(model, options, index, { now: doneAt - 1, metadata: true });
  return {
    id: model.id(index),
    url: textOf(finished, 'url'),
    postedAt: model.postedAt(index),
    listedAt: model.listedAt(index),
    doneAt,
    refundedAt: model.refundedAt(index) ?? Infinity,
    pendingStatus: textOf(pending, 'status'),
    status: textOf(finished, 'status'),
    costMicros: model.cost(index).micros,
    metadata: jsonOf(finished),
    earlyMetadata: jsonOf(pending),
  };
}

function textOf(row: WireRow, field: string): string | null {
  const value = row[field];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

function jsonOf(row: WireRow): string | null {
  const value = row['metadata'] ?? null;
  return value === null ? null : JSON.stringify(value);
}
