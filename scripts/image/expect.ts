import { setTimeout as sleep } from 'node:timers/promises';

export function equal(is: string, should: string, what: string): void {
  if (is !== should) throw new Error(`${what}: ${is} instead of ${should}.`);
}

export async function until(isTrue: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
  const start = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - start > limitMs)
      throw new Error(`Not within ${String(limitMs / 1000)} s: ${isTrue.toString()}`);
    await sleep(500);
  }
}
