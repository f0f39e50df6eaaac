// Loaded into the real process before the product (`node --import`): it counts the points at which SQLite makes something
// durable, writes them down, and raises SIGKILL at one of them. The product knows nothing of it.
import { appendFileSync } from 'node:fs';
import Database from 'better-sqlite3';

const { PROBE_LOG: log, PROBE_KILL: kill, PROBE_TOUCHES: touches } = process.env;
/** Only commits of transactions with such a write, and such writes outside of one, are points; none where it is not set. */
const pattern = touches === undefined ? null : new RegExp(touches);
let points = 0;
let isTouched = false;

/** @param kind - `commit` of a transaction, `write` outside of one, or `part` of a script inside of one. */
function at(kind: string, text: string, work: () => unknown): unknown {
  const counts = pattern === null || (kind === 'commit' ? isTouched : pattern.test(text));
  if (kind === 'commit') isTouched = false;
  if (!counts) return work();
  points += 1;
  const point = points;
  if (log !== undefined) appendFileSync(log, `${kind} ${text.replace(/\s+/g, ' ').trim().slice(0, 60)}\n`);
  if (kill === `before:${point}`) process.kill(process.pid, 'SIGKILL');
  const result = work();
  if (kill === `after:${point}`) process.kill(process.pid, 'SIGKILL');
  return result;
}

type Run = (
  this: { source: string; readonly: boolean; database: { inTransaction: boolean } },
  ...values: never[]
) => unknown;
type Exec = (this: { inTransaction: boolean; memory: boolean }, text: string, ...more: never[]) => unknown;

const database = new Database(':memory:');
const statement = Object.getPrototypeOf(database.prepare('select 1')) as { run: Run };
const prototype = Database.prototype as unknown as { exec: Exec; pragma: Exec };
const { run } = statement;
const { exec, pragma } = prototype;
database.close();

statement.run = function (...values) {
  const work = () => run.apply(this, values);
  if (this.source === 'COMMIT') return at('commit', '', work);
  if (this.source === 'ROLLBACK') isTouched = false;
  if (this.database.inTransaction) isTouched ||= pattern?.test(this.source) === true;
  const isDurable = !this.database.inTransaction && !this.readonly && !/^(BEGIN|ROLLBACK)/i.test(this.source);
  return isDurable ? at('write', this.source, work) : work();
};

/** A script inside a transaction, e.g. a migration, statement by statement. Its comments hold no semicolon at a line's end. */
prototype.exec = function (script, ...more) {
  if (!this.inTransaction) return at('write', script, () => exec.apply(this, [script, ...more]));
  for (const part of script.split(/(?<=;)\n/)) at('part', part, () => exec.apply(this, [part]));
  return this;
};

prototype.pragma = function (text, ...more) {
  const work = () => pragma.apply(this, [text, ...more]);
  return /journal_mode|user_version =|application_id =/.test(text) ? at('write', text, work) : work();
};
