import type { Db } from './database.ts';

type BrokenReference = { readonly table: string; readonly rowid: number | null; readonly parent: string };

/** What is wrong with a file, in SQLite's words; of each kind the first, more of them say no more. */
export type PagesLook = {
  readonly damages: readonly string[];
  readonly broken: readonly BrokenReference[];
  readonly moreBroken: number;
};

/** `quick`: whether the pages have the form that they should · `whole`: also whether each index has each row, and no reference leads nowhere. */
export type Depth = 'quick' | 'whole';

const CHECKS: Readonly<Record<Depth, string>> = { quick: 'pragma quick_check(3)', whole: 'pragma integrity_check(20)' };
const MOST_BROKEN = 20;

/** Looks through the whole file in one go, which nothing but the end of the process interrupts. */
export function lookAtPages(database: Db, depth: Depth): PagesLook {
  const told = database.prepare<[], string>(CHECKS[depth]).pluck().all();
  const damages = told.filter((text) => text !== 'ok');
  return { damages, ...(depth === 'whole' ? references(database) : { broken: [], moreBroken: 0 }) };
}

function references(database: Db): Pick<PagesLook, 'broken' | 'moreBroken'> {
  const broken: BrokenReference[] = [];
  let moreBroken = 0;
  for (const each of database.prepare<[], BrokenReference>('pragma foreign_key_check').iterate()) {
    const { table, rowid, parent } = each;
    if (broken.length < MOST_BROKEN) broken.push({ table, rowid, parent });
    else moreBroken += 1;
  }
  return { broken, moreBroken };
}
