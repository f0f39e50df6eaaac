import type { FinishedCall } from '../dataforseo/client.ts';
import type { Logger } from '../log.ts';
import { HOUR_MS, type Clock } from '../time.ts';

/**
 * Says, once an hour at the most, that the server finds the budget spent although we keep within it: two ledgers of one account, or
 * other programs of it, take each other's calls, and nothing else shows why both are slow.
 */
export function createThrottleNote(
  log: Pick<Logger, 'warn'>,
  clock: Pick<Clock, 'monotonic'>,
): (call: Pick<FinishedCall, 'end'>) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  let refusals = 0;
  return ({ end }) => {
    if (!end.throttled) return;
    refusals += 1;
    const now = clock.monotonic();
    if (now - toldAt < HOUR_MS) return;
    log.warn(
      {
        refusals,
        hint: 'Does another ledger, or another program, use the same account? Each call that it makes is one less here.',
      },
      'the budget is spent by somebody else too',
    );
    toldAt = now;
    refusals = 0;
  };
}
