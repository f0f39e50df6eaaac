import { expect, it } from 'vitest';
import { answerLimitBytes } from '../../src/domain/answer-limit.ts';

const MIB = 1024 * 1024;

it.each([
  ['a container of 512 MB', 512, 4_288, 25.6],
  ['a container of 2 GB', 2_048, 1_100, 102.4],
  ['a heap of 448 MB on a large machine', 64_000, 448, 44.8],
  ['a machine without a limit', 2 ** 44, 4_288, 256],
  ['a system that tells of none', 0, 4_288, 256],
  ['a container of 64 MB: two rows of 10 MB get through all the same', 64, 64, 24],
])('in %s an answer may be so long', (_name, constrained, heap, limit) => {
  const bytes = answerLimitBytes({ constrainedBytes: constrained * MIB, heapLimitBytes: heap * MIB });
  expect(bytes).toBe(Math.round(limit * MIB));
});
