import { globSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from './engine.ts';
import { attempt, sh } from './shell.ts';

/**
 * Everything that an image is made of, saved and unpacked: each layer, also what a later one hides, and its configuration.
 * @returns Which of the texts are in it, with the place.
 */
export function textsInImage(engine: Engine, image: string, texts: readonly string[], folder: string): string[] {
  const saved = join(folder, 'saved');
  mkdirSync(saved);
  engine.run('save', '--output', join(folder, 'saved.tar'), image);
  sh('tar', ['-xf', join(folder, 'saved.tar'), '-C', saved]);
  const files = globSync('**/*', { cwd: saved }).filter((path) => statSync(join(saved, path)).isFile());
  for (const [index, path] of files.entries()) {
    // A layer is a tar inside; what is none is configuration, and searched as it is.
    const layer = join(folder, 'layers', String(index));
    mkdirSync(layer, { recursive: true });
    attempt('tar', ['-xf', join(saved, path), '-C', layer, '--exclude=dev/*', '--no-same-permissions']);
  }
  // A search that cannot find what is there proves nothing.
  if (found([CONTROL], join(folder, 'layers'), folder).length === 0)
    throw new Error('The layers hold not even package.json.');
  return [...found(texts, saved, folder), ...found(texts, join(folder, 'layers'), folder)];
}

/** In package.json, which is in a layer of its own. */
const CONTROL = '"name": "dataforseo-ledger"';

function found(texts: readonly string[], where: string, folder: string): string[] {
  const patterns = join(folder, 'patterns');
  writeFileSync(patterns, `${texts.join('\n')}\n`);
  const { code, stdout, stderr } = attempt('grep', ['-rlF', '-f', patterns, where]);
  if (code !== 0 && code !== 1) throw new Error(`The layers cannot be searched: ${stderr}`);
  return stdout.split('\n').filter((path) => path !== '');
}
