import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LedgerError } from '../domain/errors.ts';
import { checkFile, connectForWriting, openAnySchema, type Db } from './database.ts';
import { fileKind, migrate, readMigrations, type Migration } from './migrate.ts';
import type { UpgradeWord } from './upgrade.ts';
import { copyWhole, modeOf, putInPlace, requireRoom, sizeOf } from './whole-copy.ts';

/**
 * Runs the migrations that a ledger lacks. Where one of them rewrites rows, the ledger as it is, which the version before can
 * open, is copied beside itself first. The caller holds the lock.
 *
 * @throws {LedgerError} `unwritable` where there is no room, `broken` when one fails: the file is as the one before it left it.
 */
export async function bringUpToDate(path: string, say: (word: UpgradeWord) => void): Promise<void> {
  const migrations = readMigrations();
  const kind = checkFile(path);
  const from = kind.kind === 'ledger' ? kind.schemaVersion : 0;
  const pending = migrations.filter(({ number }) => number > from);
  const copy = pending.some(({ rewrites }) => rewrites) ? await keepCopy(path, pending, say) : null;
  const database = connectForWriting(path);
  try {
    migrate(database, migrations, from);
  } finally {
    database.close();
  }
  // Not before: until then the version before may need the older one.
  if (copy !== null) removeOthers(path, copy, say);
  say({ kind: 'migrated', from, to: migrations.length });
}

/** @returns The path of the copy, `ledger.db.before-0007`: as the ledger was before migration 7. */
async function keepCopy(
  path: string,
  pending: readonly Migration[],
  say: (word: UpgradeWord) => void,
): Promise<string | null> {
  const [first] = pending;
  if (first === undefined) return null;
  const target = `${path}.before-${first.name.slice(0, 4)}`;
  // Whoever migrates has the lock.
  const place = { target, part: `${target}.part` };
  const source = openAnySchema(path);
  try {
    const bytes = sizeOf(source);
    // What is rewritten goes through the log: as much again, at the most.
    requireRoom(target, 2 * bytes);
    const mode = modeOf(path);
    await copyWhole(source, { ...place, mode, onProgress: () => undefined }, new AbortController().signal);
    checkCopy(place.part, source);
    putInPlace(place);
    say({ kind: 'copied', path: target, bytes });
  } finally {
    source.close();
  }
  return target;
}

/** The quick check: every page and every index is whole. That no row is lost, its way of being made sees to. */
function checkCopy(part: string, source: Db): void {
  const copy = openAnySchema(part);
  try {
    const isSame = fileKindOf(copy) === fileKindOf(source) && sizeOf(copy) === sizeOf(source);
    const found = copy.pragma('quick_check(1)', { simple: true });
    if (isSame && found === 'ok') return;
    throw new LedgerError(
      'broken',
      `The copy of the ledger is damaged: ${isSame ? String(found) : 'it is another one'}.`,
      {
        hint: 'Nothing was changed. Is the ledger itself whole (`verify` of the version before says it), and the disk?',
      },
    );
  } finally {
    copy.close();
  }
}

function fileKindOf(database: Db): string {
  return JSON.stringify(fileKind(database));
}

/** One copy is kept: of the ledger before its last migration that rewrote rows, and what a kill left of another goes too. */
function removeOthers(path: string, kept: string, say: (word: UpgradeWord) => void): void {
  const prefix = `${basename(path)}.before-`;
  for (const name of readdirSync(dirname(path))) {
    const other = join(dirname(path), name);
    if (!name.startsWith(prefix) || !/^\d{4}(\.part)?$/.test(name.slice(prefix.length)) || other === kept) continue;
    rmSync(other, { force: true });
    say({ kind: 'removed', path: other });
  }
}
