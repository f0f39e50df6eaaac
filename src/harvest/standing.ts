import { pauseMs } from '../domain/failure.ts';
import { withHint, type DataForSeoError } from '../domain/errors.ts';

/** How the server treats us, as the calls of this process have shown. Instants are epoch ms of the server's clock. */
export type Standing = {
  readonly succeeded: (api: string) => void;
  /** A call failed for good. @returns Whether another call has succeeded since the failure before: then the server is up. */
  readonly failed: (walk: { readonly id: number; readonly api: string }, now: number) => boolean;
  /** Every call is refused until a person acts. Whatever is refused while nothing should be called tells nothing new. */
  readonly refused: (error: DataForSeoError, now: number) => void;
  /** As `refused`, of one API. @returns When it is asked again. */
  readonly apiRefused: (api: string, error: DataForSeoError, now: number) => { readonly until: number };
  /** Those that are not to be called at `now`; without it, those that have not answered since they were refused: one walk asks. */
  readonly refusedApis: (now?: number) => readonly string[];
  /** Nothing is called before this; null when calls may go. */
  readonly pausedUntil: (
    now: number,
  ) => { readonly until: number; readonly reason: string; readonly parked: boolean } | null;
  /** One walk at a time: until a first call has succeeded, while the last one failed, and while the account is refused. */
  readonly troubled: () => boolean;
  /** Walks that failed since a call last succeeded; the one that was tried longest ago first. */
  readonly suspects: () => readonly number[];
  /** Failures in a row, whatever failed. */
  readonly failuresInARow: () => number;
  readonly refusals: () => readonly DataForSeoError[];
  /** Which APIs are refused since they last answered, why, and when each is asked again. */
  readonly apiRefusals: () => readonly ApiRefusal[];
  /** APIs that fail again and again, whatever is asked of them: their slices rest, so that those of others have their turn. */
  readonly restingApis: (now: number) => readonly string[];
};

type ApiRefusal = { readonly api: string; readonly error: DataForSeoError; readonly until: number };

const LONGEST_PARK_PERIODS = 60;
/** Whoever has paid is not to wait for days where the budget's period is an hour. */
const LONGEST_PARK_MS = 3_600_000;
/** So many failures in a row of one API are no longer those of a slice. */
const RESTS_AFTER = 4;
/** A clock that went back by more than this since a pause began would make it last for hours: the pause is over. */
const STEP_MS = 10_000;

type Pause = { readonly from: number; readonly until: number };

function isOver({ from, until }: Pause, now: number): boolean {
  return now >= until || now < from - STEP_MS;
}

export function createStanding(periodMs: number): Standing {
  let everSucceeded = false;
  let failures = 0;
  let pause: Pause = { from: 0, until: 0 };
  let suspects: number[] = [];
  let parked: { readonly error: DataForSeoError; readonly times: number } | null = null;
  const apis = new Map<string, { readonly error: DataForSeoError; readonly pause: Pause; readonly times: number }>();
  const resting = new Map<string, { readonly failures: number; readonly pause: Pause }>();
  const longestParkMs = Math.max(Math.min(LONGEST_PARK_PERIODS * periodMs, LONGEST_PARK_MS), periodMs);
  const parkMs = (times: number) => Math.min(periodMs * 2 ** Math.min(times - 1, 10), longestParkMs);
  return {
    succeeded: (api) => {
      everSucceeded = true;
      failures = 0;
      pause = { from: 0, until: 0 };
      suspects = [];
      parked = null;
      apis.delete(api);
      resting.delete(api);
    },
    failed: ({ id, api }, now) => {
      failures += 1;
      suspects = [...suspects.filter((other) => other !== id), id];
      const inARow = (resting.get(api)?.failures ?? 0) + 1;
      const restMs = inARow < RESTS_AFTER ? 0 : pauseMs(inARow - RESTS_AFTER + 1, periodMs);
      resting.set(api, { failures: inARow, pause: { from: now, until: now + restMs } });
      if (failures > 1) pause = { from: now, until: now + pauseMs(failures - 1, periodMs) };
      return failures === 1 && everSucceeded;
    },
    refused: (error, now) => {
      if (parked !== null && !isOver(pause, now)) return;
      parked = { error, times: (parked?.times ?? 0) + 1 };
      pause = { from: now, until: now + parkMs(parked.times) };
    },
    apiRefused: (api, error, now) => {
      const known = apis.get(api);
      if (known !== undefined && !isOver(known.pause, now)) return known.pause;
      const times = (known?.times ?? 0) + 1;
      const pause = { from: now, until: now + parkMs(times) };
      apis.set(api, { error, pause, times });
      return pause;
    },
    refusedApis: (now) =>
      [...apis].filter(([, refusal]) => now === undefined || !isOver(refusal.pause, now)).map(([api]) => api),
    pausedUntil: (now) => {
      if (isOver(pause, now)) return null;
      const reason =
        parked === null ? 'the server cannot be reached or fails; it is asked again' : withHint(parked.error);
      return { until: pause.until, reason, parked: parked !== null };
    },
    troubled: () => !everSucceeded || failures > 0 || parked !== null,
    suspects: () => suspects,
    failuresInARow: () => failures,
    refusals: () => [...(parked === null ? [] : [parked.error]), ...[...apis.values()].map(({ error }) => error)],
    restingApis: (now) => [...resting].filter(([, { pause: rest }]) => !isOver(rest, now)).map(([api]) => api),
    apiRefusals: () =>
      [...apis].map(
        ([
          api,
          {
            error,
            pause: { until },
          },
        ]) => ({ api, error, until }),
      ),
  };
}
