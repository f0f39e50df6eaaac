import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The version of this package. Its package.json lies two folders up, seen from src/cli as from dist/cli. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
