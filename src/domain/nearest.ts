/** The name that was probably meant, or null when none comes near: at most a third of its letters differ. */
export function nearestName(typed: string, names: readonly string[]): string | null {
  const ranked = names
    .map((name) => ({ name, distance: editDistance(typed.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.ceil(best.name.length / 3) ? best.name : null;
}

/** Comparing takes as long as the two lengths multiplied, and nobody mistypes so long a text by a letter. */
const LONGEST = 64;
/** Shorter ones are a part of almost anything. */
const SHORTEST_PART = 3;

/** The names that may have been meant, the nearest first: like `nearestName`, or one is a part of the other. Texts of others may be among them. */
export function nearestNames(typed: string, names: readonly string[], most: number): string[] {
  const wanted = typed.toLowerCase();
  if (wanted.length > LONGEST) return [];
  return names
    .filter((name) => name.length <= LONGEST)
    .map((name) => ({ name, distance: distanceOf(wanted, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.ceil(name.length / 3))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name);
}

function distanceOf(wanted: string, name: string): number {
  const isPart =
    Math.min(wanted.length, name.length) >= SHORTEST_PART && (name.includes(wanted) || wanted.includes(name));
  if (isPart) return wanted === name ? 0 : 1;
  // So many letters more are so many to insert.
  const least = Math.abs(wanted.length - name.length);
  return least > Math.ceil(name.length / 3) ? least : editDistance(wanted, name);
}

/** Levenshtein's: the fewest letters to insert, drop or replace. */
function editDistance(from: string, to: string): number {
  const letters = Array.from(to);
  let row = Array.from({ length: letters.length + 1 }, (_, column) => column);
  for (const [index, letter] of Array.from(from).entries()) {
    const next = [index + 1];
    for (const [column, other] of letters.entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[letters.length] ?? 0;
}
