import type { Snapshot } from '../domain/snapshot.ts';
import type { Db } from './database.ts';
import { toSeconds, toSecondsOrNull } from './seconds.ts';

/** What the process that holds the ledger is doing. Instants are epoch ms of the server's clock. */
export type DaemonState = {
  readonly state: Snapshot['state'];
  readonly reason: string;
  readonly until: number | null;
  readonly at: number;
  readonly pid: number;
  readonly version: string;
};

type DaemonRow = {
  readonly state: Snapshot['state'];
  readonly reason: string;
  readonly until: number | null;
  readonly at: number;
  readonly pid: number;
  readonly version: string;
};

/** @returns What writes it down. */
export function createDaemonStateWriter(database: Db): (state: DaemonState) => void {
  const write = database.prepare(
    `insert into daemon (id, state, reason, until, at, pid, version) values (1, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set state = excluded.state, reason = excluded.reason, until = excluded.until,
       at = excluded.at, pid = excluded.pid, version = excluded.version`,
  );
  return ({ state, reason, until, at, pid, version }) => {
    write.run(state, reason, toSecondsOrNull(until), toSeconds(at), pid, version);
  };
}

/** Of a process that took the ledger over nothing is known until it speaks: what the one before said is not its word. */
export function forgetDaemonState(database: Db): void {
  database.prepare('delete from daemon').run();
}

export function readDaemonState(database: Db): DaemonState | null {
  const row = database
    .prepare<[], DaemonRow>('select state, reason, until, at, pid, version from daemon where id = 1')
    .get();
  return row === undefined ? null : { ...row, until: row.until === null ? null : row.until * 1000, at: row.at * 1000 };
}
