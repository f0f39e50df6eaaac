import { fork } from 'node:child_process';
import { z } from 'zod';
import type { Depth } from './pages.ts';

/** What the process says that looks through the pages. */
const word = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('looked'),
    damages: z.array(z.string()),
    broken: z.array(z.object({ table: z.string(), rowid: z.number().nullable(), parent: z.string() })),
    moreBroken: z.number(),
  }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
]);

export type HealthWord = z.output<typeof word>;

/** `unfinished`: the time was up · `failed`: it could not be looked at, which says nothing of the file. */
export type Health = HealthWord | { readonly kind: 'unfinished' };

export type HealthTerms = {
  readonly path: string;
  readonly depth: Depth;
  /** How long it may take; null: as long as it takes. */
  readonly boxMs: number | null;
};

/** Built, it lies beside this one under its other ending. */
const PROGRAM = new URL(`./health-process.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);

/**
 * Whether the pages of the file are whole, beside whoever works on it, in a process of its own that is ended when the time is up
 * or nobody waits for it any more.
 *
 * @throws `signal.reason` when aborted, nothing else.
 */
export async function lookThrough({ path, depth, boxMs }: HealthTerms, signal: AbortSignal): Promise<Health> {
  signal.throwIfAborted();
  const box = boxMs === null ? null : AbortSignal.timeout(boxMs);
  // It only reads, so a kill leaves nothing behind.
  const child = fork(PROGRAM, [path, depth], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    signal: box === null ? signal : AbortSignal.any([signal, box]),
    killSignal: 'SIGKILL',
  });
  const heard: HealthWord[] = [];
  child.on('message', (message) => void heard.push(word.parse(message)));
  // `close` follows in any case, and says what came of it; without a listener an abort would be an uncaught error.
  child.on('error', () => undefined);
  const ending = await new Promise<string>((resolve) => {
    child.on('close', (code, signalName) => resolve(signalName ?? `exit code ${String(code)}`));
  });
  signal.throwIfAborted();
  const [said] = heard;
  if (said !== undefined) return said;
  return box?.aborted === true
    ? { kind: 'unfinished' }
    : { kind: 'failed', message: `the process that looks ended early (${ending})` };
}
