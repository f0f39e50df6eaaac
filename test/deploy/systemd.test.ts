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
function written(text: string, name = 'dataforseo-ledger.service'): string {
  const folder = mkdtempSync(join(tmpdir(), 'unit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  writeFileSync(path, existsSync('/usr/bin/node') ? text : text.replaceAll('/usr/bin/node', process.execPath));
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

describe('the units of the backup', () => {
  const service = readFileSync('deploy/dataforseo-ledger-backup.service', 'utf8');
  const timer = readFileSync('deploy/dataforseo-ledger-backup.timer', 'utf8');

  it.skipIf(!hasSystemd)('are what systemd can read, and leave little open', () => {
    const path = written(service, 'dataforseo-ledger-backup.service');
    expect(analyze('verify', path)).toEqual({ status: 0, text: '' });
    const both = join(path, '..', 'dataforseo-ledger-backup.timer');
    writeFileSync(both, timer);
    expect(analyze('verify', both)).toEqual({ status: 0, text: '' });
    writeFileSync(both, timer.replace('03:20:00', '33:20:00'));
    expect(analyze('verify', both).text).toContain('33:20:00');
    const { text } = analyze('security', '--offline=true', '--no-pager', path);
    expect(Number(/Overall exposure level for \S+: ([\d.]+)/.exec(text)?.[1])).toBeLessThanOrEqual(1.2);
  });

  it('copy the ledger of the daemon, as its user, to where they may write', () => {
    for (const line of UNIT.match(
      /^(User|Group|StateDirectory|UMask|Environment=LEDGER_DATABASE|Environment=SQLITE_TMPDIR)=?.*$/gm,
    ) ?? [])
      expect(service).toContain(`\n${line}\n`);
    const folder = /^ReadWritePaths=(.*)$/m.exec(service)?.[1] ?? 'none';
    expect(service).toContain(`backup "${folder}/ledger-$$(date +%%u).db" --overwrite`);
    expect(service).toContain(`RequiresMountsFor=${folder}\n`);
    expect(readFileSync('docs/operations.md', 'utf8')).toContain(` ${folder}\n`);
  });
});
