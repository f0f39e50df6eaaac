import { isSoon, lossesAhead, type LossAhead } from '../domain/loss-ahead.ts';
import { withHint } from '../domain/errors.ts';
import type { Harvest } from './harvester.ts';
import type { Scene } from './scene.ts';

/** Says a day ahead what will be lost, once each, and that it no longer will. */
export type ForesightWatch = {
  /** @param tailCalls - Calls a period that the tails take. */
  readonly look: (scene: Scene, tailCalls: number) => void;
};

/** It takes the densities of all that was ever read, and looks a day ahead. */
const LOOK_AGAIN_MS = 300_000;

export function createForesightWatch(harvest: Harvest): ForesightWatch {
  const { clock, log } = harvest.deps;
  const said = new Map<string, LossAhead>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    look: (scene, tailCalls) => {
      if (clock.monotonic() - lookedAt < LOOK_AGAIN_MS) return;
      lookedAt = clock.monotonic();
      const soon = expected(harvest, scene, tailCalls).filter((loss) => isSoon(loss, scene.now));
      const now = new Map(soon.map((loss) => [`${loss.api} ${loss.grade} ${loss.reason}`, loss]));
      for (const [key, loss] of now) {
        if (!said.has(key)) log.warn(factsOf(loss), 'a stretch will leave the window before it is read');
        said.set(key, loss);
      }
      for (const [key, loss] of [...said].filter(([each]) => !now.has(each))) {
        log.info(factsOf(loss), 'nothing more is about to leave the window for this reason');
        said.delete(key);
      }
    },
  };
}

function expected({ deps, standing }: Harvest, scene: Scene, tailCalls: number): LossAhead[] {
  const { policy } = deps;
  const paused = standing.pausedUntil(scene.now);
  const refused = standing.apiRefusals();
  const cutting = { now: scene.now, upper: scene.upper, policy, inFlight: 0, tailCalls };
  return lossesAhead(scene.all, cutting, {
    blocked: (api) => {
      const refusal = refused.find((each) => each.api === api);
      return refusal === undefined ? (paused?.reason ?? null) : withHint(refusal.error);
    },
    failing: scene.waiting,
  });
}

function factsOf({ api, grade, since, until, expiresAt, reason }: LossAhead): object {
  const iso = (at: number) => new Date(at).toISOString();
  return { api, grade, since: iso(since), until: iso(until), expiresAt: iso(expiresAt), reason };
}
