import type { Config } from '../config.ts';
import type { HarvestPolicy } from '../harvest/work.ts';
import type { Logger } from '../log.ts';
import type { Clock } from '../time.ts';

/** The three seams: all else is real, in tests too. The third, the database's path, is a setting. */
export type Seams = {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly pid: number;
  readonly version: string;
  /** The longest answer that there is memory for; without it that of the client. */
  readonly answerBytes?: number;
};

/** What every part of the application is made of. */
export type Parts = { readonly config: Config; readonly log: Logger; readonly seams: Seams };

/** DataForSEO gives at most so many rows a call (docs/endpoint.md, "The call"). */
const PAGE_ROWS = 1_000;
/** A slow server still gets all its calls through so many walks at a time. */
const LANES = 4;

export function policyOf(config: Config): HarvestPolicy {
  return {
    apis: config.apis,
    tokens: config.rateCalls,
    periodMs: config.ratePeriodMs,
    limit: PAGE_ROWS,
    lanes: LANES,
    lagMs: config.lagMs,
    settleMs: config.settleMs,
  };
}
