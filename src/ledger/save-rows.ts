import { filterShownBy } from '../domain/filter-column.ts';
import type { PageRow } from '../domain/task.ts';
import type { LedgerRooms, Page } from './rooms.ts';
import type { PageSighting } from './tasks.ts';

export type SavedRows = { readonly rowNumbers: number[]; newTasks: number; altered: number; newDoubts: number };

/** Writes the rows of a page; part of the page's transaction. */
export function saveRows(rooms: LedgerRooms, page: Page, api: number): SavedRows {
  const { walk, answer, circumstances } = page;
  const sighting: PageSighting = {
    api,
    callId: answer.callId,
    withMetadata: walk.grade === 'metadata',
    metadataEdge: circumstances.metadataEdge,
    seenAt: circumstances.now,
    newestCall: rooms.journal.newestCall(),
  };
  const saved: SavedRows = { rowNumbers: [], newTasks: 0, altered: 0, newDoubts: 0 };
  for (const row of answer.rows) saved.rowNumbers.push(saveRow(rooms, row, { sighting, saved }));
  saved.newDoubts += learnFilterColumn(rooms, page, api);
  return saved;
}

/** Remembers by which time the server filters, once a row shows it; later rows that show the other are a doubt. @returns New doubts. */
function learnFilterColumn(rooms: LedgerRooms, { walk, answer, circumstances }: Page, api: number): number {
  const tasks = answer.rows.flatMap((row) => (row.kind === 'task' ? [row.task] : []));
  let newDoubts = 0;
  let known = rooms.facts.filterColumn(api);
  for (const task of tasks) {
    const shown = filterShownBy(task, walk.range);
    if (shown === null || shown === known) continue;
    if (known === null) {
      rooms.facts.learnFilterColumn(api, shown, { at: circumstances.now, call: answer.callId });
      known = shown;
      continue;
    }
    const detail = `listed by its ${shown} time, while others are listed by their ${known} time`;
    const doubt = { api, kind: 'filter', taskId: task.id, call: answer.callId, detail } as const;
    if (rooms.doubts.record(doubt, circumstances.now).isNew) newDoubts += 1;
  }
  return newDoubts;
}

/** @returns The number under which the proof knows the row. */
function saveRow(rooms: LedgerRooms, row: PageRow, into: { sighting: PageSighting; saved: SavedRows }): number {
  const { sighting, saved } = into;
  const about = { api: sighting.api, call: sighting.callId };
  if (row.kind === 'quarantined') {
    const doubt = { ...about, kind: 'quarantined', taskId: row.id, detail: `${row.reason}: ${row.raw}` } as const;
    const { id, isNew } = rooms.doubts.record(doubt, sighting.seenAt);
    if (isNew) saved.newDoubts += 1;
    return -id;
  }
  const task = rooms.tasks.save(row.task, sighting);
  if (task.isNew) saved.newTasks += 1;
  else if (task.altered) saved.altered += 1;
  const contradictions = [
    {
      holds: task.reverted,
      kind: 'reverted',
      detail: `listed as ${row.task.status ?? 'no status'} after it had finished`,
    },
    { holds: task.moved, kind: 'moved', detail: `listed with another posted time: ${row.task.postedText}` },
  ] as const;
  for (const { holds, kind, detail } of contradictions) {
    if (holds && rooms.doubts.record({ ...about, kind, taskId: row.task.id, detail }, sighting.seenAt).isNew)
      saved.newDoubts += 1;
  }
  return task.n;
}
