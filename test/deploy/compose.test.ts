import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DCLinter } from 'dclint';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { SETTINGS } from '../../src/config/settings.ts';

const PATH = 'deploy/compose.yaml';
const TEXT = readFileSync(PATH, 'utf8');

type Service = {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly [key: string]: unknown;
};
const COMPOSE = parse(TEXT) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};
const SERVICES = Object.entries(COMPOSE.services);
const LEDGER = COMPOSE.services['ledger']!;

/** Matters of taste, not of the specification. */
const STYLE = [
  'services-alphabetical-order',
  'service-keys-order',
  'no-build-and-image',
  'service-image-require-explicit-tag',
  'require-quotes-in-ports',
];

/** What the compose specification says against a file. */
function complaints(path: string): string[] {
  const rules = Object.fromEntries(STYLE.map((rule) => [rule, 0 as const]));
  const linter = new DCLinter({ rules, quiet: true, debug: false, exclude: [] });
  return linter
    .lintFiles([path], false)
    .flatMap(({ messages }) => messages.map(({ rule, line, message }) => `${line} ${rule}: ${message}`));
}

describe('the compose file', () => {
  it('follows the specification', () => {
    expect(complaints(PATH)).toEqual([]);
    const folder = mkdtempSync(join(tmpdir(), 'compose-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const wrong = join(folder, 'compose.yaml');
    writeFileSync(wrong, TEXT.replace('stop_grace_period', 'stop_grace'));
    expect(complaints(wrong).join()).toContain('invalid-schema');
  });

  it('names only settings, volumes, secrets and files that exist', () => {
    const known = SETTINGS.map(({ env }) => env);
    expect(Object.keys(LEDGER.environment ?? {}).filter((name) => !known.includes(name))).toEqual([]);
    const mounts = SERVICES.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    const isThere = (source: string) =>
      source.startsWith('./') ? existsSync(join('deploy', source)) : Object.hasOwn(COMPOSE.volumes, source);
    // Made by who installs it, as the secrets are.
    expect(mounts).toContain('./backups');
    expect(mounts.filter((source) => source !== './backups' && !isThere(source))).toEqual([]);
    const secrets = SERVICES.flatMap(([, service]) => service.secrets ?? []);
    expect(new Set(secrets)).toEqual(new Set(Object.keys(COMPOSE.secrets)));
    const files = Object.entries(LEDGER.environment ?? {}).filter(([name]) => name.endsWith('_FILE'));
    expect(files.map(([, path]) => path).sort()).toEqual(
      (LEDGER.secrets ?? []).map((name) => `/run/secrets/${name}`).sort(),
    );
  });

  it('holds no secret, and none gets into git from where it looks for them', () => {
    const ignored = readFileSync('.gitignore', 'utf8').split('\n');
    for (const { file } of Object.values(COMPOSE.secrets)) expect(file).toMatch(/^\.\/secrets\/\w+$/);
    for (const folder of ['deploy/secrets/', 'deploy/backups/']) expect(ignored).toContain(folder);
    const values = SETTINGS.filter(({ secret }) => secret).map(({ env }) => LEDGER.environment?.[env] ?? '');
    expect(values.filter((value) => value !== '' && !/^\$\{\w+:-\}$/.test(value))).toEqual([]);
  });

  it('confines every container, and opens no port beyond this machine', () => {
    for (const [name, service] of SERVICES) {
      expect(service, name).toMatchObject({
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        restart: 'unless-stopped',
      });
      expect(service['mem_limit'], name).toMatch(/^\d+m$/);
      expect(
        (service.ports ?? []).filter((port) => !port.startsWith('127.0.0.1:')),
        name,
      ).toEqual([]);
    }
    expect(LEDGER).toMatchObject({ read_only: true, stop_grace_period: expect.stringMatching(/^\d+s$/) as string });
    expect(LEDGER.volumes).toEqual(['ledger:/data']);
  });

  it('pins the versions of what is not this project, and starts it with a profile only', () => {
    for (const [name, { image, profiles }] of SERVICES.filter(([each]) => each !== 'ledger')) {
      if (name === 'backup') expect(image).toBe(LEDGER.image);
      else expect(image, name).toMatch(/:v?\d+\.\d+\.\d+$/);
      expect(profiles, name).toHaveLength(1);
    }
    expect(LEDGER.profiles).toBeUndefined();
  });

  it('makes a copy at once and then each day, tries again in an hour where one fails, and stops when it is told to', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'compose-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [, , script = ''] = COMPOSE.services['backup']?.['entrypoint'] as string[];
    const command = (name: string, text: string) =>
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    const lines = join(folder, 'said');
    // The first two fail.
    command('dataforseo-ledger', `echo "$*" >> ${lines}; test "$(grep -c backup ${lines})" -gt 2`);
    command('sleep', `echo "sleep $1" >> ${lines}; test "$1" = 3600 || exec /bin/sleep 5`);
    const child = spawn('sh', ['-c', script.replaceAll('$$', '$')], {
      env: { PATH: `${folder}:/usr/bin:/bin` },
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    const said = () => (existsSync(lines) ? readFileSync(lines, 'utf8').trim().split('\n') : []);
    while (said().length < 6) await setTimeout(20);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    const copy = expect.stringMatching(/^backup \/backups\/ledger-[1-7]\.db --overwrite$/) as string;
    expect(said()).toEqual([copy, 'sleep 3600', copy, 'sleep 3600', copy, 'sleep 86400']);
  });
});
