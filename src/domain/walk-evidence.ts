import { OVERLAP } from './evidence.ts';

/** A call that brought a page, as the journal has it. */
export type JournalPage = {
  readonly id: number;
  readonly offset: number;
  readonly limit: number;
  readonly rows: number;
};

/** What a finished walk says of itself. */
export type WalkWord = {
  /** Pages of all its readings. */
  readonly calls: number;
  /** Pages and rows of the last reading. */
  readonly pages: number;
  readonly rows: number;
  readonly nextOffset: number;
  readonly length: number | null;
  readonly distinctRows: number | null;
  readonly firstCall: number | null;
  readonly lastCall: number | null;
};

/**
 * Holds what a walk says of itself against its pages in the journal, oldest first: as many as it claims, and the last reading
 * without a hole from offset 0 to a short page (I4). @returns What does not agree, each a clause that follows the walk's name.
 */
export function disagreements(walk: WalkWord, pages: readonly JournalPage[]): string[] {
  if (pages.length !== walk.calls) return [`claims ${walk.calls} pages, the journal has ${pages.length}`];
  const flaws: string[] = [];
  if (pages[0]?.id !== (walk.firstCall ?? undefined) || pages.at(-1)?.id !== (walk.lastCall ?? undefined))
    flaws.push('names other calls as its first and last than the journal has');
  const reading = pages.slice(pages.length - walk.pages);
  const rows = reading.reduce((sum, page) => sum + page.rows, 0);
  if (rows !== walk.rows) flaws.push(`claims ${walk.rows} rows of its last reading, its calls brought ${rows}`);
  const broken = reading.find((page, index) => page.offset !== offsetAfter(reading[index - 1]));
  if (broken !== undefined)
    flaws.push(`jumps: call ${broken.id} asked from row ${broken.offset} on, which does not join the page before`);
  const early = reading.slice(0, -1).find((page) => page.rows < page.limit);
  if (early !== undefined) flaws.push(`goes on after call ${early.id}, whose short page was the end`);
  const last = reading.at(-1);
  if (last === undefined || last.rows >= last.limit) flaws.push('ends with a full page, which proves no end');
  return [...flaws, ...sumsOf(walk)];
}

/** The offset at which the next page of a reading begins: with the last row of the page before. */
function offsetAfter(page: JournalPage | undefined): number {
  return page === undefined ? 0 : page.offset + page.rows - OVERLAP;
}

function sumsOf({ length, nextOffset, rows, pages, distinctRows }: WalkWord): string[] {
  if (length === null || distinctRows === null) return ['has ended without its evidence'];
  const flaws: string[] = [];
  if (length !== nextOffset + OVERLAP || rows !== length + (pages - 1) * OVERLAP)
    flaws.push(`claims a length of ${length}, which ${rows} rows in ${pages} pages do not make`);
  return flaws;
}
