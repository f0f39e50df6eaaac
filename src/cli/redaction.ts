import { createScrub } from '../log.ts';
import type { Redaction } from './command.ts';

export function createRedaction(): Redaction {
  let known: readonly string[] = [];
  let scrub = createScrub(known);
  return {
    learn: (secrets) => {
      known = [...known, ...secrets];
      scrub = createScrub(known);
    },
    scrub: (text) => scrub(text),
  };
}
