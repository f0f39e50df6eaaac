import { chance } from '../src/simulator/random.ts';

/** Draws in a row from one seed; the same seed draws the same. */
export type Draw = {
  /** [0, 1) */
  readonly next: () => number;
  /** [least, most) */
  readonly between: (least: number, most: number) => number;
  /** As many of the small ones as of the large ones: the logarithm is even. */
  readonly spread: (least: number, most: number) => number;
  readonly whole: (least: number, most: number) => number;
  readonly of: <Item>(items: readonly [Item, ...Item[]]) => Item;
  readonly is: (share: number) => boolean;
};

export function createDraw(seed: number, salt: number): Draw {
  let count = 0;
  const next = () => chance(seed, count++, salt);
  const between = (least: number, most: number) => least + next() * (most - least);
  return {
    next,
    between,
    spread: (least, most) => Math.exp(between(Math.log(least), Math.log(most))),
    whole: (least, most) => Math.floor(between(least, most + 1)),
    of: (items) => items[Math.floor(next() * items.length)] ?? items[0],
    is: (share) => next() < share,
  };
}
