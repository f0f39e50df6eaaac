import { soundingOffset } from '../domain/slicing.ts';
import { giveUp } from './conclude-walk.ts';
import type { LedgerRooms, Page } from './rooms.ts';
import type { SavedPage } from './save-page.ts';
import { saveRows } from './save-rows.ts';

/**
 * The one row that an opening was sounded by, in one transaction with what follows from it: none there, and the walk is no
 * opening any more, for it ends within its pages; else it is given up. It is no page of the walk and enters no proof (I4): the
 * journal tells it by its limit of one row, which no page has.
 */
export function saveSounding(rooms: LedgerRooms, page: Page): SavedPage {
  const { answer } = page;
  const saved = saveRows(rooms, page, rooms.dictionary.api(page.walk.api));
  rooms.sums.flush();
  rooms.journal.end(answer.callId, answer.end);
  const walk = { ...page.walk, failures: 0, retryAt: null, failure: null };
  const isLarge = answer.rows.length > 0;
  rooms.walks.keep(isLarge ? walk : { ...walk, openingPages: 0 });
  const atLeast = soundingOffset(walk.openingPages, walk.limit) + 1;
  if (isLarge) giveUp(rooms, page, atLeast);
  const { newTasks, altered, newDoubts } = saved;
  const counts = { rows: answer.rows.length, newTasks, altered, newDoubts };
  return { walk: rooms.walks.get(walk.id), ...counts, next: isLarge ? 'done' : 'more' };
}
