import type { CostRow, Dimension } from '../../domain/report.ts';
import type { Db } from '../../ledger/database.ts';
import { costs, totalsOf } from '../../ledger/reports/costs.ts';
import { unknownValues } from '../../ledger/reports/unknown-values.ts';
import { cursorOf, type LedgerQuestion } from '../question.ts';

/** The list that a cursor goes on in has changed before that place. */
export class OutdatedCursor extends Error {
  override readonly name = 'OutdatedCursor';

  constructor() {
    super('Tasks have come since the page before, and with them another order.');
  }
}

type CostsAsked = LedgerQuestion & { readonly kind: 'costs' };

/**
 * Sums, a page at a time. They are added up anew for each page, and tasks that have come meanwhile may have moved a group across
 * its border: then going on would skip it or tell it twice. @throws {OutdatedCursor}
 */
export function costsPage(database: Db, { filter, by, from, limit }: CostsAsked): object {
  const rows = costs(database, filter, by);
  const offset = from?.offset ?? 0;
  if (from !== null && numberOf(rows.slice(0, offset), by) !== from.groups) throw new OutdatedCursor();
  const end = offset + limit;
  return {
    by,
    rows: rows.slice(offset, end),
    totals: totalsOf(rows),
    groups: rows.length,
    next: rows.length > end ? cursorOf([end, numberOf(rows.slice(0, end), by)]) : null,
    unknown: rows.length === 0 ? unknownValues(database, filter) : [],
  };
}

/** Which groups they are, in any order and whatever their sums. */
function numberOf(rows: readonly CostRow[], by: readonly Dimension[]): number {
  return rows.reduce((sum, row) => (sum + hashOf(JSON.stringify([row.metadataState, ...by.map((name) => row[name])]))) | 0, 0); // prettier-ignore
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}
