import type { CliCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openFor } from './open.ts';

export const run: CliCommand = {
  name: 'run',
  usage: 'run',
  summary: 'the daemon: backfill, then stay current',
  details: `Reads everything in the window, then new tasks as they come, and reads again what may have changed. When DataForSEO
refuses the account it waits and looks again; it does not exit. Stops in good order on SIGTERM and Ctrl-C, and goes on
where it was when it is started again. Logs JSON lines to standard error.`,
  examples: ['run', 'run --database /data/ledger.db --apis backlinks,serp'],
  settings: 'all',
  options: [],
  act: async (typed, deps) => {
    const { app } = await openFor(typed, deps, { credentials: true });
    await app.run(deps.signal);
    // Asked to stop and stopped: that is what a daemon does when all is well.
    return EXIT.done;
  },
};
