/**
 * Seeded chance without state: every draw is a function of (seed, index, salt), so a simulated task needs no memory and
 * the same seed always tells the same story.
 */

/** Scrambles 32 bits; a bijection (the finaliser of MurmurHash3), so distinct inputs stay distinct. */
export function mix32(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/**
 * 32 bits from a seed, an index (0 … 2³²−1) and a salt that names what the draw is for. The seed is scrambled first: seeds that
 * differ by a bit would otherwise tell the same story with the indices swapped.
 */
export function hash32(seed: number, index: number, salt: number): number {
  return mix32(mix32(index ^ mix32(seed)) + Math.imul(salt + 1, 0x9e3779b9));
}

/** The same as a number in [0, 1). */
export function chance(seed: number, index: number, salt: number): number {
  return hash32(seed, index, salt) / 2 ** 32;
}

/** 32 bits of a text (FNV-1a), to derive a seed from a name. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix32(hash);
}

/** One of the items, by a draw in [0, 1). */
export function pick<Item>(items: readonly [Item, ...Item[]], draw: number): Item {
  return items[Math.floor(draw * items.length)] ?? items[0];
}
