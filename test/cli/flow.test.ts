import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { carried, createFlow } from '../../src/cli/flow.ts';

/** A reader that takes one piece a turn of the loop, and what it took. */
function slowReader() {
  const taken: string[] = [];
  const stream = new Writable({
    highWaterMark: 1,
    write: (bytes: Buffer, _, done) => {
      taken.push(bytes.toString());
      void setImmediate().then(() => done());
    },
  });
  const listeners = () => stream.listenerCount('drain') + stream.listenerCount('close');
  return { stream, taken, listeners };
}

describe('what is written to a reader that is slow', () => {
  it('waits for it, and leaves no listener behind', async () => {
    const { stream, taken, listeners } = slowReader();
    const before = listeners();
    for (let at = 0; at < 30; at += 1) {
      await carried(stream, `${at}\n`);
      expect([stream.writableNeedDrain, listeners()]).toEqual([false, before]);
    }
    expect(taken).toHaveLength(30);
  });

  it('comes whole and in order', async () => {
    const { stream, taken } = slowReader();
    const flow = createFlow(stream);
    const lines = Array.from({ length: 50_000 }, (_, at) => `line ${at}\n`);
    for (const line of lines) await flow.write(line);
    await flow.end();
    expect(taken.length).toBeGreaterThan(5);
    expect(taken.join('')).toBe(lines.join(''));
  });

  it('is not waited for once nobody takes it', async () => {
    const { stream, listeners } = slowReader();
    const before = listeners();
    const written = carried(stream, 'x');
    stream.destroy();
    await written;
    expect(listeners()).toBe(before);
  });
});

/** Writes to its standard output 400 pieces of 64 KiB as the commands do, and ends. */
const WRITER = `
  import { carried } from './src/cli/flow.ts';
  process.stdout.on('error', () => undefined);
  const piece = 'x'.repeat(65_536);
  for (let at = 0; at < 400; at += 1) await carried(process.stdout, piece);
`;

describe('a process at the other end of a pipe', () => {
  it.each(['reads slowly to the end', 'goes after the first bytes'])('%s, and no warning is heard', async (how) => {
    const writer = spawn(process.execPath, ['--input-type=module', '-e', WRITER], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [read, complaints] = [0, ''];
    writer.stderr.on('data', (bytes: Buffer) => (complaints += bytes.toString()));
    const closed = once(writer, 'close');
    for await (const bytes of writer.stdout as AsyncIterable<Buffer>) {
      read += bytes.length;
      if (how.startsWith('goes')) break;
      await setImmediate();
    }
    const [code] = (await closed) as [number];
    expect([code, complaints]).toEqual([0, '']);
    expect(read === 400 * 65_536).toBe(how.startsWith('reads'));
  });
});
