import type { PageAnswer, PageQuestion } from '../domain/call.ts';
import { DataForSeoError } from '../domain/errors.ts';
import { withLargerPages } from '../domain/page-limit.ts';
import { soundingOffset } from '../domain/slicing.ts';
import type { Walk } from '../domain/walk.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { PageCircumstances } from '../ledger/rooms.ts';
import type { SavedPage } from '../ledger/save-page.ts';

export type SliceReader = {
  readonly readPage: (question: PageQuestion, signal: AbortSignal) => Promise<PageAnswer>;
  readonly ledger: Pick<Ledger, 'savePage' | 'saveSounding' | 'keepWalk' | 'endWalk'>;
  /** Asked for each page as it is saved; all but `resumed`, which the walk itself knows. */
  readonly circumstances: (walk: Walk) => Omit<PageCircumstances, 'resumed'>;
  readonly onPage: (saved: SavedPage) => void;
  /** Rows a page once pages are small enough again, 1 … 1000. */
  readonly limit: number;
};

/** The server gave the same rows for another offset: reading on would never end. */
export class RepeatingPageError extends Error {
  override readonly name = 'RepeatingPageError';
  readonly walk: Walk;

  constructor(walk: Walk) {
    super(
      `The server repeats itself: offset ${walk.reading.nextOffset} brought no row that the pages before it had not.`,
    );
    this.walk = walk;
  }
}

/** A failed page, and the walk as the pages before it left it. */
export class SliceFailure extends Error {
  override readonly name = 'SliceFailure';
  readonly walk: Walk;

  constructor(walk: Walk, cause: unknown) {
    super('A page could not be had.', { cause });
    this.walk = walk;
  }
}

/**
 * Walks a slice to its end, page by page, from where it stands; each page is saved before the next is asked for.
 * An earlier process's walk goes on at its offset only where the overlapping row proves that nothing has shifted (I4).
 *
 * @throws {SliceFailure} with what happened as its cause: a DataForSeoError, a LedgerError, an abort.
 * @throws {RepeatingPageError}
 */
export async function walkSlice(reader: SliceReader, walk: Walk, signal: AbortSignal): Promise<Walk> {
  let current = walk;
  let resumed = walk.reading.pages > 0 || walk.reading.reading > 1;
  for (;;) {
    const page = await readOne(reader, { walk: current, resumed }, signal);
    reader.onPage(page);
    const saved = page.next === 'sound' ? await sound(reader, page, signal) : page;
    if (saved.next === 'done') return saved.walk;
    if (saved.next === 'stuck') throw new RepeatingPageError(saved.walk);
    current = grown(reader, saved.walk);
    resumed = false;
  }
}

async function readOne(
  reader: SliceReader,
  at: { walk: Walk; resumed: boolean },
  signal: AbortSignal,
): Promise<SavedPage> {
  const { walk, resumed } = at;
  try {
    const answer = await reader.readPage(questionOf(walk), signal);
    return reader.ledger.savePage(walk, answer, { ...reader.circumstances(walk), resumed });
  } catch (cause) {
    throw new SliceFailure(walk, cause);
  }
}

/**
 * Whether an opening ends within its pages, or is given up, is told by one row. After a stop before its answer it is asked again.
 * No other question goes beyond the end of a list: a server that refuses this one may answer all others, and the opening is given
 * up as one that nobody could sound.
 */
async function sound(reader: SliceReader, page: SavedPage, signal: AbortSignal): Promise<SavedPage> {
  const { walk } = page;
  try {
    const offset = soundingOffset(walk.openingPages, walk.limit);
    const answer = await reader.readPage({ ...questionOf(walk), offset, limit: 1 }, signal);
    const saved = reader.ledger.saveSounding(walk, answer, { ...reader.circumstances(walk), resumed: false });
    reader.onPage(saved);
    return saved;
  } catch (cause) {
    if (!isAboutSounding(walk, cause)) throw new SliceFailure(walk, cause);
    reader.ledger.endWalk(walk, 'given_up', reader.circumstances(walk).now);
    return { ...page, next: 'done' };
  }
}

/** Also where pages are answered and soundings are not: a walk that has had its second page has been sounded before. */
function isAboutSounding({ reading }: Walk, cause: unknown): boolean {
  if (!(cause instanceof DataForSeoError)) return false;
  return cause.code === 'rejected' || (cause.code === 'unavailable' && reading.pages > 1);
}

function questionOf(walk: Walk): PageQuestion {
  const { api, purpose, range, grade, limit } = walk;
  return { walkId: walk.id, api, purpose, range, grade, offset: walk.reading.nextOffset, limit };
}

function grown(reader: SliceReader, walk: Walk): Walk {
  const larger = withLargerPages(walk, reader.limit);
  if (larger !== walk) reader.ledger.keepWalk(larger);
  return larger;
}
