import { hostname } from 'node:os';
import { createCourier, type Courier } from '../alerts/courier.ts';
import { createHeartbeat } from '../alerts/heartbeat.ts';
import { startWatch } from '../alerts/watch.ts';
import { secretsOf } from '../config.ts';
import type { HarvestDeps } from '../harvest/harvester.ts';
import type { Pulse } from '../harvest/pulse.ts';
import { longestPauseMs } from '../harvest/schedule.ts';
import { createScrub } from '../log.ts';
import { status } from './answers.ts';
import type { Parts } from './parts.ts';

/** Those who are told how the daemon fares, while it runs. */
export type Audience = {
  /** To be called after each good reading of the tail. */
  readonly tailRead: () => void;
  /** Takes no second, whatever the receivers do. */
  readonly stop: () => Promise<void>;
};

/** The heartbeat and the alerts, each where an address is set for it; without one the log is told of what would be an alert. */
export function startTelling(parts: Parts, { ledger }: Pick<HarvestDeps, 'ledger'>, pulse: Pulse): Audience {
  const { config, seams, log } = parts;
  const heartbeat =
    config.heartbeatUrl === null
      ? null
      : createHeartbeat({ url: config.heartbeatUrl.reveal(), fetch: seams.fetch, clock: seams.clock, log });
  const courier = courierOf(parts, ledger);
  const sender = { host: hostname(), version: seams.version, scrub: createScrub(secretsOf(config)) };
  const told = courier === null ? 'log' : 'receiver';
  const startedMono = seams.clock.monotonic();
  const tailPeriodMs = longestPauseMs(config.tailCron);
  const watch = startWatch({
    clock: seams.clock,
    log,
    terms: {
      lagMs: config.lagMs,
      tailEveryMs: (api) => pulse.vitals().tails[api]?.everyMs ?? tailPeriodMs,
      runsForMs: () => seams.clock.monotonic() - startedMono,
      isAnswered: ledger.alerts.isAnswered,
    },
    look: () => status(parts, pulse.vitals().said ?? null),
    newestDoubts: ledger.alerts.newestDoubts,
    post: courier === null ? null : { courier, sender },
    keep: (memory, letters) => ledger.alerts.write(memory, letters, told),
    memory: ledger.alerts.memory(told),
  });
  return {
    tailRead: () => heartbeat?.beat(),
    stop: async () => {
      await Promise.all([watch.stop(), courier?.stop(), heartbeat?.stop()]);
    },
  };
}

function courierOf({ config, seams, log }: Parts, { alerts }: HarvestDeps['ledger']): Courier | null {
  if (config.alertUrl === null) return null;
  const { fetch, clock } = seams;
  const waiting = alerts.letters();
  return createCourier({ url: config.alertUrl.reveal(), waiting, drop: alerts.drop, fetch, clock, log });
}
