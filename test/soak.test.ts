import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '../soak/main.ts');

/** In a process of its own: a simulated life takes the clock and the timers of its process. */
async function soak(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [MAIN, '--quiet', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { code, output };
}

// Four crashes, at commits and in peace, in both boots, and a long stop.
it.each([14])(
  'days of arrivals, stops, crashes and troubles end equal to the truth (seed %i)',
  async (seed) => {
    const { code, output } = await soak('--days', '1', '--seed', String(seed));
    expect(output).toContain('passed');
    expect(code).toBe(0);
  },
  300_000,
);

it('a soak that is asked for what it does not know says how it is used', async () => {
  const { code, output } = await soak('--days', 'many');
  expect(output).toContain('npm run soak');
  expect(code).toBe(2);
});
