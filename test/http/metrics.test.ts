import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMetrics } from '../../src/http/metrics.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import { SNAPSHOT } from '../cli/fakes.ts';

const PROMTOOL = spawnSync('promtool', ['--version']).status === 0;
if (!PROMTOOL)
  console.warn(
    'SKIPPED: no promtool here, so metrics and alert rules are not checked with it (apt-get install prometheus)',
  );

function metrics() {
  const made = createMetrics();
  onTestFinished(made.stop);
  return made;
}

async function valuesOf(snapshot: Snapshot): Promise<Map<string, number>> {
  const lines = (await metrics().text(snapshot)).split('\n').filter((line) => line.startsWith('dataforseo_ledger_'));
  return new Map(lines.map((line) => [line.slice('dataforseo_ledger_'.length, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))])); // prettier-ignore
}

const promtool = (args: readonly string[], input = '') => {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { status, said: stdout + stderr };
};

describe('the metrics', () => {
  it('are those of the snapshot, in base units, with moments as timestamps', async () => {
    const values = await valuesOf(SNAPSHOT);
    expect(Object.fromEntries(values)).toMatchObject({
      'build_info{version="0.1.0",schema="3"}': 1,
      'state{state="waiting"}': 1,
      'state{state="parked"}': 0,
      tasks: 1_234_567,
      tasks_with_metadata: 200_000,
      tasks_unfinished: 12,
      'coverage_complete{api="backlinks"}': 0,
      'coverage_until_timestamp_seconds{api="backlinks"}': Date.UTC(2026, 10, 23, 11, 57) / 1000,
      'gaps{api="backlinks",grade="metadata"}': 1,
      'gap_seconds{api="backlinks",grade="metadata"}': 86_400,
      'gap_seconds{api="backlinks",grade="ids"}': 0,
      'gap_expires_timestamp_seconds{api="backlinks"}': Date.UTC(2026, 11, 1) / 1000,
      'loss_seconds{api="backlinks",grade="ids"}': 86_400,
      'unsettled_seconds{api="backlinks"}': 86_400,
      'tail_read_timestamp_seconds{api="backlinks"}': Date.UTC(2026, 10, 23, 12) / 1000,
      'will_expire_seconds{grade="metadata"}': 86_400,
      doubts: 2,
      budget_period_seconds: 60,
      calls_last_hour: 599,
      window_covered_ratio: 0.4321,
      backlog_seconds: 720,
      file_size_bytes: 1_500_000,
      wal_size_bytes: 4_096,
    });
  });

  it('leave out a moment that is not known, which 0 would make 1970', async () => {
    const values = await valuesOf({ ...SNAPSHOT, lastFailure: null, disk: null });
    const names = [...values.keys()];
    expect(names.filter((name) => name.includes('api="serp"') && name.includes('timestamp'))).toEqual([]);
    expect(names.filter((name) => /newest_task|last_failure|disk_free/.test(name))).toEqual([]);
    expect(names).toContain('coverage_complete{api="serp"}');
  });

  it('escape what could break out of a label', async () => {
    const text = await metrics().text({ ...SNAPSHOT, version: 'a"b\n\\c' });
    expect(text).toContain('version="a\\"b\\n\\\\c"');
  });

  it('tell of this process too, and of one registry each time only', async () => {
    const made = metrics();
    await made.text(SNAPSHOT);
    const text = await made.text(SNAPSHOT);
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(text.match(/^# HELP dataforseo_ledger_tasks /gm)).toHaveLength(1);
    expect(made.contentType).toContain('text/plain');
  });

  it.skipIf(!PROMTOOL)('are as Prometheus wants them: promtool check metrics', async () => {
    expect(promtool(['check', 'metrics'], await metrics().text(SNAPSHOT))).toEqual({ status: 0, said: '' });
  });
});

describe('what is deployed beside them', () => {
  const files = ['deploy/prometheus/rules.yml', ...globSync('deploy/grafana/dashboards/*.json')];

  it.each(files)('%s asks for no metric that is not there', async (file) => {
    const names = new Set(
      [...readFileSync(file, 'utf8').matchAll(/\b((?:dataforseo_ledger|process|nodejs)_[a-z_]+)\b/g)].map(
        ([name]) => name,
      ),
    );
    const made = (await metrics().text(SNAPSHOT)).match(/^# TYPE (\S+)/gm)?.map((line) => line.slice('# TYPE '.length));
    expect(names.size).toBeGreaterThan(0);
    expect([...names].filter((name) => made?.includes(name) !== true)).toEqual([]);
  });

  it('the dashboard shows how much of the window is read as percent, beside how long the rest takes', () => {
    const { panels } = JSON.parse(readFileSync('deploy/grafana/dashboards/dataforseo-ledger.json', 'utf8')) as {
      panels: { targets: { expr: string }[]; gridPos: { y: number }; fieldConfig: { defaults: { unit: string } } }[];
    };
    const of = (metric: string) => panels.find(({ targets }) => targets.some(({ expr }) => expr.includes(metric)));
    const read = of('dataforseo_ledger_window_covered_ratio');
    expect(read?.fieldConfig.defaults.unit).toBe('percentunit');
    expect(read?.gridPos.y).toBe(of('dataforseo_ledger_backlog_seconds')?.gridPos.y);
  });

  it('the dashboard is JSON with panels that do not overlap', () => {
    const { panels } = JSON.parse(readFileSync('deploy/grafana/dashboards/dataforseo-ledger.json', 'utf8')) as {
      panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
    };
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it.skipIf(!PROMTOOL)(
    'the rules are right, and fire when they should: promtool check rules, promtool test rules',
    () => {
      expect(promtool(['check', 'rules', 'deploy/prometheus/rules.yml'])).toMatchObject({ status: 0 });
      expect(promtool(['test', 'rules', 'deploy/prometheus/test-rules.yml'])).toMatchObject({ status: 0 });
    },
  );
});
