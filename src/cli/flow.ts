import type { Output } from './command.ts';

/** So much is gathered before it is written. */
const CHUNK = 64 * 1024;

export type Flow = { readonly write: (text: string) => Promise<void>; readonly end: () => Promise<void> };

/** Writes no faster than the reader at the other end takes it, so that memory does not fill with what waits. */
export function createFlow(output: Output): Flow {
  let gathered = '';
  const flush = async () => {
    const text = gathered;
    gathered = '';
    if (text === '' || output.write(text) !== false || output.once === undefined) return;
    const { once } = output;
    await new Promise<void>((resolve) => {
      once.call(output, 'drain', resolve);
      once.call(output, 'close', resolve);
    });
  };
  return {
    write: async (text) => {
      gathered += text;
      if (gathered.length >= CHUNK) await flush();
    },
    end: flush,
  };
}
