import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const WORKFLOWS = globSync('.github/workflows/*.yml').map((path) => ({ path, text: readFileSync(path, 'utf8') }));

/** npm's own, no scripts. */
const NPM_COMMANDS = ['ci', 'exec'];

type Step = { readonly uses?: string; readonly run?: string };
type Workflow = {
  readonly jobs: Readonly<Record<string, { readonly needs?: string; readonly steps: readonly Step[] }>>;
};

const stepsOf = (text: string) => Object.values((parse(text) as Workflow).jobs).flatMap(({ steps }) => steps);

/** What GitHub's own parser says against a workflow. */
function complaints(path: string, content: string): string[] {
  const { context } = parseWorkflow({ name: path, content }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
}

describe('the workflows', () => {
  it.each(WORKFLOWS)('$path is what GitHub can read', ({ path, text }) => {
    expect(complaints(path, text)).toEqual([]);
    expect(complaints(path, text.replace('runs-on', 'run-on'))).not.toEqual([]);
  });

  it('call only scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Readonly<Record<string, string>>;
    };
    const called = WORKFLOWS.flatMap(({ text }) =>
      stepsOf(text).flatMap(({ run = '' }) =>
        [...run.matchAll(/\bnpm (?:run (?:--silent )?)?([a-z:]+)/g)].map(([, name = '']) => name),
      ),
    ).filter((name) => !NPM_COMMANDS.includes(name));
    expect(new Set(called)).toEqual(new Set(['check', 'test', 'test:image']));
    expect(called.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it('take each action at a version, and no more rights than they need', () => {
    for (const { path, text } of WORKFLOWS) {
      const uses = stepsOf(text).flatMap((step) => step.uses ?? []);
      expect(
        uses.filter((action) => !/^[\w-]+\/[\w-]+@v\d+$/.test(action)),
        path,
      ).toEqual([]);
      expect((parse(text) as { permissions: unknown }).permissions, path).toEqual({ contents: 'read' });
    }
  });

  it('publish an image only after one has been run, killed and stopped', () => {
    const { jobs } = parse(readFileSync('.github/workflows/image.yml', 'utf8')) as Workflow;
    expect(jobs['publish']?.needs).toBe('smoke');
    expect(jobs['smoke']?.steps.map(({ run }) => run)).toContain('npm run test:image');
  });
});

describe('the packages', () => {
  it('are pinned to one version each', () => {
    const names = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;
    const all = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
      (typeof names)[number],
      Record<string, string>
    >;
    const versions = names.flatMap((name) => Object.entries(all[name]));
    expect(versions.length).toBeGreaterThan(20);
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  });
});

describe('the configuration of Prometheus', () => {
  const promtool = spawnSync('promtool', ['--version']).status === 0;
  it.skipIf(!promtool)('is what Prometheus can read, with the rules beside it', () => {
    const check = ['check', 'config', '--syntax-only', 'deploy/prometheus/prometheus.yml'];
    expect(spawnSync('promtool', check, { encoding: 'utf8' })).toMatchObject({ status: 0 });
    const { rule_files: files } = parse(readFileSync(check.at(-1) ?? '', 'utf8')) as { rule_files: readonly string[] };
    expect(
      files.map((path) => path.replace('/etc/prometheus/', 'deploy/prometheus/')).filter((path) => !existsSync(path)),
    ).toEqual([]);
  });
});

describe('the example for Alertmanager', () => {
  it('names receivers that it has, for each severity that a rule has, and rules that there are', () => {
    const text = readFileSync('deploy/alertmanager/alertmanager.example.yml', 'utf8');
    const { route, receivers } = parse(text) as {
      route: { receiver: string; routes: readonly { receiver: string; matchers: readonly string[] }[] };
      receivers: readonly { name: string }[];
    };
    const names = receivers.map(({ name }) => name);
    expect([route, ...route.routes].map(({ receiver }) => receiver).filter((name) => !names.includes(name))).toEqual(
      [],
    );
    const rules = readFileSync('deploy/prometheus/rules.yml', 'utf8');
    const severities = new Set(rules.match(/severity: (\w+)/g)?.map((label) => label.replace('severity: ', '')));
    expect(route.routes.map(({ matchers }) => matchers)).toEqual(
      [...severities].map((severity) => [`severity="${severity}"`]),
    );
    const alerts = new Set(rules.match(/(?<=alert: )Ledger\w+/g));
    const named = (parse(text) as { inhibit_rules: unknown }).inhibit_rules;
    expect(
      JSON.stringify(named)
        .match(/Ledger\w+/g)
        ?.filter((name) => !alerts.has(name)),
    ).toEqual([]);
    // Addresses are secrets: none stands here.
    expect(text.match(/https?:|_url:(?!.*\/run\/secrets)/g)).toBeNull();
  });
});

describe('the shell scripts', () => {
  const shellcheck = spawnSync('shellcheck', ['--version']).status === 0;
  if (!shellcheck)
    console.warn('SKIPPED: the test that needs shellcheck, which is not here (apt-get install shellcheck).');
  it.skipIf(!shellcheck)('have nothing that shellcheck complains of', () => {
    const scripts = ['.ci/run', ...globSync('{scripts,deploy}/**/*.sh')];
    expect(spawnSync('shellcheck', scripts, { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '' });
  });
});
