import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SETTINGS } from '../../src/config/settings.ts';

const UNIT = readFileSync('deploy/dataforseo-ledger.service', 'utf8');
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!hasSystemd) console.warn('SKIPPED: tests that need systemd-analyze, which is not here (apt-get install systemd).');

/** The unit with a Node that is there: whether a machine has one in /usr/bin is its own matter. */
function written(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'unit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'dataforseo-ledger.service');
  writeFileSync(path, existsSync('/usr/bin/node') ? text : text.replace('/usr/bin/node', process.execPath));
  return path;
}

const analyze = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  return { status, text: `${stdout}${stderr}` };
};

describe('the systemd unit', () => {
  it.skipIf(!hasSystemd)('is what systemd can read', () => {
    expect(analyze('verify', written(UNIT))).toEqual({ status: 0, text: '' });
    expect(analyze('verify', written(UNIT.replace('ProtectHome', 'ProtectHomes'))).text).toContain('ProtectHomes');
  });

  it.skipIf(!hasSystemd)('leaves little open', () => {
    const { text } = analyze('security', '--offline=true', '--no-pager', written(UNIT));
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(text)?.[1]);
    expect(exposure).toBeLessThanOrEqual(1.5);
  });

  it('names only settings that exist, and reads the secrets from credentials that it loads', () => {
    const environment = [...UNIT.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => ({
      name,
      value,
    }));
    const known = SETTINGS.map(({ env }) => env);
    expect(environment.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual(['SQLITE_TMPDIR']);
    const loaded = [...UNIT.matchAll(/^LoadCredential=([\w-]+):/gm)].map(([, name = '']) => `%d/${name}`);
    expect(environment.filter(({ name }) => name.endsWith('_FILE')).map(({ value }) => value)).toEqual(loaded);
  });
});
