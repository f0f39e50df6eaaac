import { describe, expect, it } from 'vitest';
import { isAlive, lateTails } from '../../src/domain/vitals.ts';
import { createPulse } from '../../src/harvest/pulse.ts';

function pulseAt() {
  const time = { now: 1_000_000 };
  const pulse = createPulse(() => time.now, ['backlinks', 'serp'], 60_000);
  return { time, pulse };
}

describe('a process', () => {
  it('is alive before its first turn, and while its loop turns', () => {
    const { time, pulse } = pulseAt();
    expect(isAlive(pulse.vitals(), time.now)).toBe(true);
    time.now += 3_600_000;
    expect(isAlive(pulse.vitals(), time.now)).toBe(true);
    pulse.turned();
    time.now += 59_999;
    expect(isAlive(pulse.vitals(), time.now)).toBe(true);
  });

  it('is stuck when its loop has not turned for a minute', () => {
    const { time, pulse } = pulseAt();
    pulse.turned();
    time.now += 60_000;
    expect(isAlive(pulse.vitals(), time.now)).toBe(false);
  });

  it('is not ready before each API was read once, nor three periods later', () => {
    const { time, pulse } = pulseAt();
    expect(lateTails(pulse.vitals(), time.now)).toEqual(['backlinks', 'serp']);
    pulse.tailRead('backlinks');
    expect(lateTails(pulse.vitals(), time.now)).toEqual(['serp']);
    pulse.tailRead('serp');
    time.now += 179_999;
    expect(lateTails(pulse.vitals(), time.now)).toEqual([]);
    time.now += 1;
    expect(lateTails(pulse.vitals(), time.now)).toEqual(['backlinks', 'serp']);
  });

  it('measures an API that is meant to be read less often by its own period, and never by a shorter one than the schedule', () => {
    const { time, pulse } = pulseAt();
    for (const api of ['backlinks', 'serp']) pulse.tailRead(api);
    pulse.tailEvery('serp', 600_000);
    pulse.tailEvery('backlinks', 1);
    time.now += 180_000;
    expect(lateTails(pulse.vitals(), time.now)).toEqual(['backlinks']);
  });

  it('takes no note of an API that is not in the settings', () => {
    const { pulse } = pulseAt();
    pulse.tailRead('merchant');
    expect(Object.keys(pulse.vitals().tails)).toEqual(['backlinks', 'serp']);
  });
});
