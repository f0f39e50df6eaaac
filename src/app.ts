import { explained, plan, status } from './app/answers.ts';
import { backup } from './app/backup.ts';
import { doctor } from './app/doctor.ts';
import { exported } from './app/export.ts';
import type { Parts, Seams } from './app/parts.ts';
import { report } from './app/report.ts';
import { verify } from './app/verify.ts';
import { withHarvest } from './app/with-harvest.ts';
import type { App, OpenApp } from './cli/app-port.ts';
import { backfill } from './harvest/backfill.ts';

/** The composition root: from settings and seams to something that commands can use. Opens nothing yet. */
export function createOpenApp(seams: Seams): OpenApp {
  return (config, log) => createApp({ config, log, seams });
}

function createApp(parts: Parts): App {
  return {
    backfill: (onProgress, signal) => withHarvest(parts, (deps) => backfill(deps, onProgress, signal), signal),
    // The server of the page is a third of what there is to load, and nothing else needs it.
    run: async (signal) => await (await import('./app/run.ts')).run(parts, signal),
    status: () => status(parts),
    plan: () => plan(parts),
    explain: (question) => explained(parts, question),
    export: (wish) => exported(parts, wish),
    report: (wish, signal) => report(parts, wish, signal),
    verify: (wish, signal) => verify(parts, wish, signal),
    backup: (wish, signal) => backup(parts, wish, signal),
    doctor: (wish, signal) => doctor(parts, wish, signal),
  };
}
