import { gapsOf } from '../domain/gaps.ts';
import { createFrontierKeeper, createSkewKeeper } from './frontiers.ts';
import type { Harvest } from './harvester.ts';
import { createLossLog } from './loss-log.ts';
import { endOvertaken } from './overtaken.ts';
import type { Scene } from './scene.ts';

/** Writes down what the window holds, lacks and has lost, whatever is read meanwhile. */
export type Stock = {
  /** Windows of new APIs, the clock's skew, and what has left its window unread. @param now - Of the server's clock. */
  readonly account: (now: number) => void;
  /** The gaps that people see; also those of an API that is refused. */
  readonly keepGaps: (scene: Scene) => void;
};

export function createStock(harvest: Harvest): Stock {
  const { deps } = harvest;
  const { ledger, policy, serverClock } = deps;
  const losses = createLossLog(deps);
  const keepFrontiers = createFrontierKeeper(deps);
  const keepSkew = createSkewKeeper(deps);
  return {
    account: (now) => {
      ledger.heedOthers();
      keepSkew();
      policy.apis.forEach(keepFrontiers);
      // What is lost cannot be taken back: by a guess nothing is.
      if (!serverClock.sure()) return;
      endOvertaken(harvest, now);
      for (const api of policy.apis) {
        for (const loss of ledger.accountLosses(api, now)) losses.lost({ api, ...loss });
      }
      losses.look();
    },
    keepGaps: ({ all, upper, now }) =>
      ledger.setGaps(
        all.flatMap((picture) => gapsOf(picture, upper, now)),
        now,
      ),
  };
}
