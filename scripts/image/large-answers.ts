import { equal } from './expect.ts';
import { answers, freePort, type Status, type Trial } from './trial.ts';

/** A bulk task of a thousand targets; a page of them is 25 MB. */
const METADATA_BYTES = 25_000;
/** A sixth of them are of the last month, and so have metadata. */
const TASKS = 60_000;
const LIMIT_BYTES = 512 * 1024 * 1024;

/** Pages of bulk tasks fit into the memory that `deploy/` gives the container: a backfill of them ends well, four at a time. */
export async function checkLargeAnswers(trial: Trial, say: (what: string) => void): Promise<void> {
  const { engine, image, runFlags } = trial;
  const [simulator, volume] = [`${trial.simulator}-large`, `${trial.volume}-large`];
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const options = JSON.stringify({ metadata: { bytes: METADATA_BYTES } });
  const scale = ['--port', port, '--tasks', String(TASKS), '--tasks-per-minute', '0', '--rate-period', '1s'];
  engine.run('run', '--detach', '--name', simulator, ...runFlags, image, 'simulate', ...scale, '--options', options);
  await answers(`${url}/_simulator/stats`);
  const limit = engine.limitMemory(LIMIT_BYTES);
  try {
    if (limit === null) {
      say(
        'NOT SEEN: nothing here can limit the memory of a container, so pages of 25 MB were not tried in one of 512 MB',
      );
      return;
    }
    const settings = {
      DATAFORSEO_URL: url,
      DATAFORSEO_LOGIN: 'simulated',
      DATAFORSEO_PASSWORD: 'not-a-secret',
      LEDGER_RATE_PERIOD: '1s',
    };
    const env = Object.entries(settings).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
    const inside = (...words: readonly string[]) =>
      engine.run('run', '--rm', ...runFlags, ...limit.flags, '--volume', `${volume}:/data`, ...env, image, ...words);
    inside('backfill');
    const { tasks } = JSON.parse(inside('status', '--json')) as Status;
    equal(String(tasks.total), String(TASKS), 'the tasks of a backfill in little memory');
    if (tasks.withMetadata < TASKS / 8) throw new Error(`Only ${String(tasks.withMetadata)} tasks have metadata.`);
    say(`takes pages of 25 MB in a container of 512 MB (${String(tasks.withMetadata)} tasks of 25 kB)`);
  } finally {
    engine.attempt('rm', '--force', simulator);
    engine.attempt('volume', 'rm', '--force', volume);
    limit?.lift();
  }
}
