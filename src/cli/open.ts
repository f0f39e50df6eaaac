import { loadConfig, secretsOf, type Config } from '../config.ts';
import { createLogger, quieter, type Logger, type LogLevel } from '../log.ts';
import type { App } from './app-port.ts';
import type { CliDeps, Typed } from './command.ts';

export type Opened = { readonly app: App; readonly config: Config; readonly log: Logger };

type Manner = {
  /** Whether the command calls the API. */
  readonly credentials: boolean;
  /** Nothing below this is logged, whatever the settings say. */
  readonly atLeast?: LogLevel;
};

/** From what was typed to an application: settings, log, app. @throws {ConfigError} @throws {LedgerError} */
export async function openFor(typed: Typed, deps: CliDeps, manner: Manner): Promise<Opened> {
  const config = loadConfig({ env: deps.env, flags: typed.settings }, { credentials: manner.credentials });
  const secrets = secretsOf(config);
  deps.redaction.learn(secrets);
  const log = createLogger({
    level: quieter(config.logLevel, manner.atLeast ?? 'trace'),
    secrets,
    ...(deps.logDestination === undefined ? {} : { destination: deps.logDestination }),
  });
  const openApp = await deps.loadApp();
  return { app: openApp(config, log), config, log };
}
