import { expect, it, onTestFinished } from 'vitest';
import { startTelling } from '../../src/app/tell.ts';
import { loadConfig } from '../../src/config.ts';
import { createPulse } from '../../src/harvest/pulse.ts';
import { createLogger } from '../../src/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { DAY, NOW, policy, readSlice, sliceOf, tempLedger, type TempLedger } from '../support/ledger.ts';

const MINUTE = 60_000;

/** A process that tells a receiver, or only its log, how it fares; by a clock of its own. */
function telling(temp: TempLedger, settings: Readonly<Record<string, string>>, wallNow = NOW) {
  const ledger = temp.open();
  const clock = createFakeClock({ now: wallNow });
  const posted: string[] = [];
  const logged: string[] = [];
  const config = loadConfig({ env: { LEDGER_DATABASE: temp.path, ...settings }, flags: {} }, { credentials: false });
  const log = createLogger({ level: 'info', secrets: [], destination: { write: (line) => void logged.push(line) } });
  const fetchIt: typeof fetch = (_url, init) => {
    if (typeof init?.body === 'string') posted.push(init.body);
    return Promise.resolve(new Response('ok'));
  };
  const pulse = createPulse(clock.monotonic, config.apis, MINUTE);
  const parts = { config, log, seams: { clock, fetch: fetchIt, pid: process.pid, version: '1' } };
  ledger.ensureFrontiers('backlinks', NOW, policy);
  const audience = startTelling(parts, { ledger }, pulse);
  const stop = async () => {
    await audience.stop();
    ledger.close();
  };
  onTestFinished(stop);
  const texts = () => posted.map((body) => (JSON.parse(body) as { text: string }).text);
  return { ledger, clock, pulse, texts, logged, stop };
}

it('a letter tells what the process says last, where the ledger could not be told', async () => {
  const { ledger, clock, pulse, texts } = telling(tempLedger(), { LEDGER_ALERT_URL: 'http://127.0.0.1:9/hook' });
  ledger.setDaemonState({ state: 'idle', reason: 'all is read', until: null, at: NOW, pid: 1, version: '1' });
  pulse.said({ state: 'parked', reason: 'no money', until: null });
  await clock.advance(2 * MINUTE);
  expect(texts()).toEqual([
    expect.stringMatching(/: parked\. Nothing can be read since .* UTC\. no money\./) as string,
  ]);
});

it('what was not read before the start is no sign of being behind, by however much the clock was wrong then', async () => {
  const { ledger, clock, texts } = telling(
    tempLedger(),
    { LEDGER_ALERT_URL: 'http://127.0.0.1:9/hook' },
    NOW - 366 * DAY,
  );
  // As the first answer of the server tells.
  ledger.keepSkewMs(366 * DAY);
  const now = () => clock.now() + 366 * DAY;
  for (let minutes = 0; minutes < 12; minutes += 1) {
    const at = { now: now() };
    readSlice(ledger, sliceOf(now() - 2 * MINUTE, now() - MINUTE), [], { at, answer: { serverDate: now() } });
    await clock.advance(MINUTE);
  }
  expect(texts().filter((text) => text.includes('behind'))).toEqual([]);
  await clock.advance(10 * MINUTE);
  expect(texts().filter((text) => text.includes('behind'))).toHaveLength(1);
});
