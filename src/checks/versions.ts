import { versions } from 'node:process';
import { fail, ok, type Finding } from '../domain/diagnosis.ts';

/** Before it, a log that is reset while it is being read could damage the file (sqlite.org/wal.html). */
const LEAST_SQLITE = [3, 51, 3] as const;

/** @param sqlite - Version of the library that is in use: `3.51.3`. */
export function checkVersions(program: string, sqlite: string): Finding {
  const found = `dataforseo-ledger ${program}, Node ${versions.node}, SQLite ${sqlite}.`;
  const parts = sqlite.split('.').map(Number);
  const order =
    LEAST_SQLITE.map((least, index) => Math.sign((parts[index] ?? 0) - least)).find((sign) => sign !== 0) ?? 0;
  if (order >= 0) return ok('versions', found);
  return fail(
    'versions',
    found,
    `This SQLite may damage a ledger: use ${LEAST_SQLITE.join('.')} or later, as npm ci installs it.`,
  );
}
