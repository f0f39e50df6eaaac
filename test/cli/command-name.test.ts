import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandNameOf } from '../../src/cli/command-name.ts';

let folder: string;
let entry: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-name-'));
  entry = join(folder, 'main.js');
  writeFileSync(entry, '');
});
afterEach(() => rmSync(folder, { recursive: true }));

function linkIn(name: string, target: string): string {
  const bin = join(folder, name);
  mkdirSync(bin, { recursive: true });
  symlinkSync(target, join(bin, 'dataforseo-ledger'));
  return bin;
}

describe('the name of the command', () => {
  it('is plain where the PATH leads to this program', () => {
    const path = ['/nowhere', linkIn('bin', entry)].join(delimiter);
    expect(commandNameOf(join(folder, 'bin', 'dataforseo-ledger'), path, 'node')).toBe('dataforseo-ledger');
  });

  it('is through npx in a clone, also when npx itself has put the program into the PATH', () => {
    expect(commandNameOf(entry, linkIn('node_modules/.bin', entry), 'node')).toBe('npx dataforseo-ledger');
    expect(commandNameOf(entry, '', '/opt/dataforseo-ledger/node_modules/.bin/node')).toBe('npx dataforseo-ledger');
  });

  it('is plain where it was started under it', () => {
    expect(commandNameOf(entry, '', 'dataforseo-ledger')).toBe('dataforseo-ledger');
    expect(commandNameOf(entry, '', '/usr/local/bin/dataforseo-ledger')).toBe('dataforseo-ledger');
  });

  it('is through npx when the PATH leads to another copy', () => {
    writeFileSync(join(folder, 'other.js'), '');
    expect(commandNameOf(entry, linkIn('bin', join(folder, 'other.js')), 'node')).toBe('npx dataforseo-ledger');
  });
});
