import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandNameOf } from '../../src/cli/command-name.ts';

let folder: string;
let clone: string;
let entry: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-name-'));
  clone = join(folder, 'clone');
  entry = join(clone, 'dist', 'main.js');
  mkdirSync(join(clone, 'dist'), { recursive: true });
  writeFileSync(entry, '');
});
afterEach(() => rmSync(folder, { recursive: true }));

function linkIn(name: string, target: string): string {
  const bin = join(folder, name);
  mkdirSync(bin, { recursive: true });
  symlinkSync(target, join(bin, 'dataforseo-ledger'));
  return bin;
}

const nameOf = (over: Partial<Parameters<typeof commandNameOf>[0]> = {}) =>
  commandNameOf({ entry, calledAs: 'node', path: '', folder: clone, node: '/usr/bin/node', ...over });

describe('the name of the command', () => {
  it('is plain where the PATH leads to this program', () => {
    const path = ['/nowhere', linkIn('bin', entry)].join(delimiter);
    for (const from of [clone, '/tmp', ''])
      expect(nameOf({ entry: join(folder, 'bin', 'dataforseo-ledger'), path, folder: from })).toBe('dataforseo-ledger');
  });

  it('is through npx in a clone, also when npx itself has put the program into the PATH', () => {
    expect(nameOf({ path: linkIn('node_modules/.bin', entry) })).toBe('npx dataforseo-ledger');
    expect(nameOf({ calledAs: '/opt/dataforseo-ledger/node_modules/.bin/node' })).toBe('npx dataforseo-ledger');
    expect(nameOf({ folder: join(clone, 'dist') })).toBe('npx dataforseo-ledger');
  });

  it('is plain where it was started under it', () => {
    expect(nameOf({ calledAs: 'dataforseo-ledger' })).toBe('dataforseo-ledger');
    expect(nameOf({ calledAs: '/usr/local/bin/dataforseo-ledger' })).toBe('dataforseo-ledger');
  });

  it('is through npx when the PATH leads to another copy', () => {
    writeFileSync(join(folder, 'other.js'), '');
    expect(nameOf({ path: linkIn('bin', join(folder, 'other.js')) })).toBe('npx dataforseo-ledger');
  });

  it('is that of both files where npx would ask the registry: outside of the clone', () => {
    for (const from of [folder, '/', '', `${clone}-of-others`])
      expect(nameOf({ folder: from })).toBe(`/usr/bin/node ${entry}`);
    expect(nameOf({ folder: '/', node: "/it's here/node" })).toBe(`'/it'\\''s here/node' ${entry}`);
  });
});
