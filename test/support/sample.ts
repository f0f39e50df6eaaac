/** Does `work` for each, `width` at a time: a process that starts keeps one core busy for a while. */
export async function inTurns<T>(width: number, all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const queue = [...all];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await work(next).catch((error: unknown) => {
          throw new Error(`at ${String(next)}: ${error instanceof Error ? error.message : String(error)}`, {
            cause: error,
          });
        });
      }
    }),
  );
}

/**
 * So many of `all`, another choice in each run, always with the first and the last. Told on the console: the environment
 * variable CRASH_SEED repeats a choice, and CRASH_ALL=1 takes all.
 */
export function seeded<T>(name: string, all: readonly T[], count: number): T[] {
  if (all.length <= count || process.env['CRASH_ALL'] === '1') return [...all];
  const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 1e6));
  console.log(`${name}: ${count} of ${all.length} points, CRASH_SEED=${seed}`);
  const rest = all.slice(1, -1).map((one, index) => ({ one, at: hash(seed, index) }));
  const chosen = rest.toSorted((a, b) => a.at - b.at).slice(0, count - 2);
  return [...all.slice(0, 1), ...chosen.map(({ one }) => one), ...all.slice(-1)];
}

/** 0 … 2³²−1, well mixed (splitmix32). */
function hash(seed: number, index: number): number {
  let x = (seed + Math.imul(index + 1, 0x9e3779b9)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}
