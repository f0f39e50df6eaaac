import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Where people keep secrets and data in a clone; none of it may reach a layer. */
const PLANTED = [
  '.env',
  '.npmrc',
  '.git/config',
  'secrets/dataforseo_password',
  'deploy/secrets/password',
  'data/ledger.db',
];

/** A copy of the working tree to build from, with a canary where a secret might lie. */
export function makeContext(root: string, folder: string, canary: string): void {
  const left = new Set(['node_modules', 'dist', 'data', '.git']);
  cpSync(root, folder, { recursive: true, filter: (path) => path === root || !left.has(basename(path)) });
  for (const path of PLANTED) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${canary}\n`, { flag: 'a' });
  }
}
