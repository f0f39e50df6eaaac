import { DAY_MS } from '../time.ts';
import { type Answer, type Frame, taskAnswer } from './answer.ts';
import { isCharged } from './rows.ts';
import type { World } from './world.ts';

/** How many calls of `user_data` a period of the budget allows (D: 6 a minute); they do not use `id_list`'s budget. */
export const USER_DATA_CALLS = 6;

const DEPOSITED = 10_000;

/**
 * `GET /v3/appendix/user_data`, as far as the ledger is concerned: `money.balance`, and in `money.statistics.day` the dollars
 * spent today (UTC) as `total_{api}`. There `value` is the day itself, as the documentation has it.
 */
export function userDataAnswer(frame: Frame, world: World, now: number): Answer {
  const { apis, login } = world.options();
  const spent = Object.fromEntries(apis.map((api) => [`total_${api}`, spentToday(world, api, now)]));
  const today = Object.values(spent).reduce((sum, dollars) => sum + dollars, 0);
  const day = new Date(now).toISOString().slice(0, 10);
  const limits = { day: {}, minute: {} };
  const result = {
    login,
    timezone: 'UTC',
    rates: { limits, statistics: { day: { value: day }, minute: { value: minuteOf(now) } } },
    money: {
      total: DEPOSITED,
      balance: DEPOSITED - today,
      limits,
      statistics: { day: { ...spent, total: today, value: day }, minute: { value: minuteOf(now) } },
    },
    price: {},
    backlinks_subscription_expiry_date:
      new Date(now + 30 * DAY_MS).toISOString().slice(0, 19).replace('T', ' ') + ' +00:00',
  };
  return taskAnswer(frame, { code: 20000, count: 1 }, [JSON.stringify([result])]);
}

function spentToday(world: World, api: string, now: number): number {
  const model = world.model(api);
  if (model === null) return 0;
  let micros = 0;
  const end = model.countBefore(now + 1);
  for (let index = model.countBefore(Math.floor(now / DAY_MS) * DAY_MS); index < end; index += 1) {
    if (isCharged(model, index, now)) micros += model.cost(index).micros;
  }
  return micros / 1_000_000;
}

function minuteOf(now: number): string {
  return new Date(now).toISOString().slice(0, 16).replace('T', ' ');
}
