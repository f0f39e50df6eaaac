import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FIXTURE_APIS, FIXTURE_LOGIN, fixtureViews, placeFixture } from '../../test/support/fixtures.ts';
import { until } from './expect.ts';
import type { Trial } from './trial.ts';

const OLDEST = 'schema-0001';
const UPGRADE_MS = 60_000;

/** A ledger of the first schema in the volume: the image brings it up to date, and what it holds stands up to verify. */
export async function checkUpgrade(trial: Trial, say: (what: string) => void): Promise<void> {
  const { engine, image, runFlags, simulatorUrl } = trial;
  const name = `${trial.ledger}-old`;
  const tasks = fixtureViews(OLDEST).views['tasks']?.length;
  // Whose ledger it is: another account's is refused.
  const settings = {
    DATAFORSEO_URL: simulatorUrl,
    DATAFORSEO_LOGIN: FIXTURE_LOGIN,
    DATAFORSEO_PASSWORD: 'not-that-of-the-simulated-account',
    LEDGER_APIS: FIXTURE_APIS.join(','),
    LEDGER_HTTP_PORT: '0',
  };
  const env = Object.entries(settings).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  const flags = ['--detach', '--name', name, ...runFlags, '--volume', `${placeOldLedger(trial.folder)}:/data`];
  try {
    engine.run('run', ...flags, ...env, image);
    await until(() => {
      const { code, stdout } = engine.attempt('exec', name, 'dataforseo-ledger', 'status', '--json');
      return code === 0 && totalOf(stdout) === tasks;
    }, UPGRADE_MS);
    engine.run('exec', name, 'dataforseo-ledger', 'verify');
    say(`brings a ledger of the first schema up to date, with its ${String(tasks)} tasks`);
  } finally {
    engine.attempt('rm', '--force', name);
  }
}

function placeOldLedger(folder: string): string {
  const data = join(folder, 'old');
  mkdirSync(data);
  placeFixture(OLDEST, join(data, 'ledger.db'));
  if (process.getuid?.() === 0) for (const path of [data, join(data, 'ledger.db')]) chownSync(path, 1000, 1000);
  return data;
}

function totalOf(status: string): number {
  return (JSON.parse(status) as { tasks: { total: number } }).tasks.total;
}
