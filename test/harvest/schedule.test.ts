import { createTask } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { createSchedule, longestPauseMs } from '../../src/harvest/schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('the longest pause of a schedule', () => {
  it.each([
    ['* * * * *', MINUTE],
    ['*/7 * * * *', 7 * MINUTE],
    ['5,20 * * * *', 45 * MINUTE],
    ['0 * * * *', HOUR],
    ['*/10 8-18 * * *', 13 * HOUR + 10 * MINUTE],
    ['*/10 8-18 * * 1-5', 2 * DAY + 13 * HOUR + 10 * MINUTE],
    ['* 8-18 * * 1-5', 2 * DAY + 13 * HOUR + MINUTE],
    ['30 3 * * *', DAY],
    ['0 12 * * 0', 7 * DAY],
    ['* * * * * *', 1_000],
    ['*/15 * * * * *', 15_000],
    ['10,40 */20 * * * *', 20 * MINUTE - 30_000],
    ['0 0 1 * *', 31 * DAY],
  ])('%s is %i ms', (cron, expected) => {
    expect(longestPauseMs(cron)).toBe(expected);
  });

  it('of a leap day is found without looking a thousand leap years ahead', () => {
    const began = process.cpuUsage();
    expect(longestPauseMs('0 0 29 2 *')).toBeGreaterThanOrEqual(4 * 365 * DAY);
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(150);
  });
});

describe('a schedule', () => {
  const at = (time: string) => Date.parse(`2024-05-15T${time}Z`);
  const scheduleAt = (cron: string, time: string) => {
    const clock = { at: at(time) };
    return { clock, schedule: createSchedule(cron, { now: () => clock.at }) };
  };

  it('ticks at first, and then once at each of its moments, however late it is asked', () => {
    const { clock, schedule } = scheduleAt('* * * * *', '12:00:30.500');
    expect(schedule.ticked()).toBe(true);
    clock.at = at('12:00:59.999');
    expect(schedule.ticked()).toBe(false);
    clock.at = at('12:01:04.000');
    expect([schedule.ticked(), schedule.ticked()]).toEqual([true, false]);
    clock.at = at('12:01:59.000');
    expect(schedule.ticked()).toBe(false);
    clock.at = at('12:02:00.000');
    expect(schedule.ticked()).toBe(true);
  });

  it.each(['11:00:40', '13:30:40'])('ticks after the wall clock was set to %s', (time) => {
    const { clock, schedule } = scheduleAt('0 3 * * *', '12:00:30');
    schedule.ticked();
    clock.at = at(time);
    expect([schedule.ticked(), schedule.ticked()]).toEqual([true, false]);
  });

  it('says how long it is until the next tick, as far as one wants to wait', () => {
    const { schedule } = scheduleAt('* * * * *', '12:00:57.250');
    expect([schedule.untilTick(60_000), schedule.untilTick(1_000)]).toEqual([2_750, 1_000]);
  });

  it.each([
    '*/15 * * * *',
    '7 * * * *',
    '*/10 8-18 * * 1-5',
    '7 3 31 * *',
    '5,20 8-18/5 15 5 *',
    '* * * * 0',
    '10,40 */20 * * * *',
    '*/7 59 23 L * *',
  ])('of %s ticks at the seconds that node-cron means, and at no other', (cron) => {
    const task = createTask(cron, () => undefined, { timezone: 'UTC' });
    const clock = { at: 0 };
    const schedule = createSchedule(cron, { now: () => clock.at });
    const of = (list: readonly number[], step: number) => list[step % list.length] ?? 0;
    let seen = 0;
    for (let step = 0; step < 5_000; step += 1) {
      const days = at('00:00:00') + Math.floor(step / 13) * DAY;
      const time = of([0, 3, 8, 18, 23], step) * HOUR + of([0, 5, 7, 10, 20, 40, 59], step) * MINUTE;
      const moment = days + time + of([0, 0, 10, 14, 40, 59], step) * 1_000;
      clock.at = moment - 1_000;
      schedule.ticked();
      clock.at = moment;
      const isMeant = task.match(new Date(moment));
      expect(schedule.ticked()).toBe(isMeant);
      if (isMeant) seen += 1;
    }
    expect(seen).toBeGreaterThan(0);
  });

  it('knows seconds', () => {
    const { clock, schedule } = scheduleAt('*/15 * * * * *', '12:00:01');
    schedule.ticked();
    clock.at = at('12:00:14');
    expect([schedule.ticked(), schedule.untilTick(5_000)]).toEqual([false, 1_000]);
    clock.at = at('12:00:15');
    expect(schedule.ticked()).toBe(true);
  });
});
