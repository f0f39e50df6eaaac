import type { Db } from './database.ts';
import { toMs, toSeconds } from './seconds.ts';

/** A refusal of one API. Instants are epoch ms of the server's clock. */
export type ApiRefusal = {
  readonly at: number;
  /** When it is asked again. */
  readonly until: number;
  readonly code: string;
  /** For people; foreign text. */
  readonly reason: string;
};

/** Which APIs are refused until a person acts, by their number in the dictionary; a restart does not forget it. */
export type RefusedApis = {
  /** Since when it is refused stays. */
  readonly refuse: (api: number, refusal: ApiRefusal) => void;
  /** It has answered; writes nothing where it was not refused. */
  readonly forgive: (api: number) => void;
};

export function createRefusedApis(database: Db): RefusedApis {
  const refuse = database.prepare(
    `insert into refused_api (api, since, until, code, reason) values (?, ?, ?, ?, ?)
     on conflict (api) do update set until = excluded.until, code = excluded.code, reason = excluded.reason`,
  );
  const forgive = database.prepare('delete from refused_api where api = ?');
  return {
    refuse: (api, { at, until, code, reason }) => {
      refuse.run(api, toSeconds(at), Math.ceil(until / 1000), code, reason);
    },
    forgive: (api) => {
      forgive.run(api);
    },
  };
}

export type RefusedSince = Omit<ApiRefusal, 'at'> & { readonly api: string; readonly since: number };

export function readRefusedApis(database: Db): RefusedSince[] {
  return database
    .prepare<[], RefusedSince>(
      `select api.name as api, refused_api.since, refused_api.until, refused_api.code, refused_api.reason
       from refused_api join api on api.id = refused_api.api order by api.name`,
    )
    .all()
    .map((row) => ({ ...row, since: toMs(row.since), until: toMs(row.until) }));
}
