import Database from 'better-sqlite3';

/** Stands around everything that SQLite is told to make durable. */
export type CommitHook = {
  readonly before: (path: string) => void;
  readonly after: (path: string) => void;
};

type Statement = { readonly source: string; readonly readonly: boolean; readonly database: Database.Database };

/** Calls the hook around each commit of each connection of this process, from here on. The product knows nothing of it. */
export function hookCommits(hook: CommitHook): void {
  const database = new Database(':memory:');
  const prototype: unknown = Object.getPrototypeOf(database.prepare('select 1'));
  database.close();
  if (!isWithRun(prototype)) throw new Error('better-sqlite3 has no statements as the soak knows them.');
  const run = prototype.run;
  prototype.run = function (this: Statement, ...values: unknown[]): unknown {
    if (!isDurable(this)) return run.apply(this, values);
    const path = this.database.name;
    hook.before(path);
    const result = run.apply(this, values);
    hook.after(path);
    return result;
  };
}

function isDurable(statement: Statement): boolean {
  const kind = KINDS.get(statement) ?? kindOf(statement);
  if (kind === 'write') return !statement.database.inTransaction;
  return kind === 'commit';
}

/** Worked out once for each statement: they run a hundred thousand times. */
const KINDS = new WeakMap<Statement, 'commit' | 'write' | 'other'>();

function kindOf(statement: Statement): 'commit' | 'write' | 'other' {
  const { source, readonly } = statement;
  const isOther = readonly || /^\s*(begin|rollback|savepoint|release)/i.test(source);
  const kind = source === 'COMMIT' ? 'commit' : isOther ? 'other' : 'write';
  KINDS.set(statement, kind);
  return kind;
}

type Run = (this: Statement, ...values: unknown[]) => unknown;

function isWithRun(value: unknown): value is { run: Run } {
  return typeof value === 'object' && value !== null && 'run' in value && typeof value.run === 'function';
}

/** The error of a disk without room. */
export function diskIsFull(): Error {
  return new Database.SqliteError('database or disk is full', 'SQLITE_FULL');
}
