import type { BinaryOutput } from './command.ts';

/** So much is gathered before it is written. */
const CHUNK = 64 * 1024;

export type Flow = { readonly write: (text: string) => Promise<void>; readonly end: () => Promise<void> };

/** Writes no faster than the reader at the other end takes it, so that memory does not fill with what waits. */
export function createFlow(output: BinaryOutput): Flow {
  let gathered = '';
  const flush = async () => {
    const text = gathered;
    gathered = '';
    if (text !== '') await carried(output, text);
  };
  return {
    write: async (text) => {
      gathered += text;
      if (gathered.length >= CHUNK) await flush();
    },
    end: flush,
  };
}

/** Writes, and waits until there is room for more, or until nobody takes any more. */
export async function carried(output: BinaryOutput, text: string | Uint8Array): Promise<void> {
  const { on, off } = output;
  if (output.write(text) !== false || on === undefined || off === undefined) return;
  await new Promise<void>((resolve) => {
    // Both are taken back, whichever comes: of each write one would be left, and Node warns of the eleventh.
    const go = () => {
      off.call(output, 'drain', go);
      off.call(output, 'close', go);
      resolve();
    };
    on.call(output, 'drain', go);
    on.call(output, 'close', go);
  });
}
