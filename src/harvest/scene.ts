import { subtract } from '../domain/coverage.ts';
import { isDue } from '../domain/failure.ts';
import { gapsOf, upperBound, type ApiPicture } from '../domain/gaps.ts';
import type { Walk } from '../domain/walk.ts';
import { isBeingAsked, type Harvest } from './harvester.ts';
import { backlogUpper } from './work.ts';

/** What one turn of the daemon decides by: all of it of one moment. Instants are epoch ms of the server's clock. */
export type Scene = {
  readonly now: number;
  /** The end of what can be read, exclusive. */
  readonly upper: number;
  /** Of all APIs, in the order of the settings. */
  readonly all: readonly ApiPicture[];
  /** Of those that may be called. */
  readonly pictures: readonly ApiPicture[];
  /** Of those, the ones whose slices do not rest because all of them fail. */
  readonly healthy: readonly ApiPicture[];
  /** Where the backlog of each healthy one ends and its tail begins. */
  readonly backlogUppers: ReadonlyMap<string, number>;
  readonly inFlight: readonly Walk[];
  /** Begun, not in flight, and of a healthy API. */
  readonly waiting: readonly Walk[];
  /** Whether anything but the tail and the upkeep has something to read now. */
  readonly backlogWaits: boolean;
};

export function lookAround(harvest: Harvest, now: number): Scene {
  const { deps, standing, lanes } = harvest;
  const { ledger, policy } = deps;
  const refused = standing.refusedApis(now);
  const all = policy.apis.map(ledger.picture);
  const pictures = all.filter(({ api }) => !refused.includes(api) && !isBeingAsked(harvest, api));
  const resting = standing.restingApis(now);
  const healthy = pictures.filter(({ api }) => !resting.includes(api));
  const open = ledger.openWalks();
  const inFlight = open.filter((walk) => lanes.has(walk.id));
  const waiting = open.filter((walk) => healthy.some(({ api }) => api === walk.api) && !lanes.has(walk.id));
  const shifted = now - harvest.extraLagMs();
  const upper = upperBound(shifted, policy.lagMs);
  const backlogUppers = new Map(healthy.map((picture) => [picture.api, backlogUpper(picture, policy, shifted)]));
  const backlogWaits =
    inFlight.some(isBacklog) ||
    waiting.some((walk) => isBacklog(walk) && isDue(walk, now, policy.periodMs)) ||
    healthy.some(
      (picture) => subtract(gapsOf(picture, backlogUppers.get(picture.api) ?? upper, now), picture.taken).length > 0,
    );
  return { now, upper, all, pictures, healthy, backlogUppers, inFlight, waiting, backlogWaits };
}

function isBacklog({ purpose }: Walk): boolean {
  return purpose === 'backfill' || purpose === 'isolate' || purpose === 'recount';
}
