import { beforeEach, expect, it } from 'vitest';
import { startWatch, type Watch } from '../../src/alerts/watch.ts';
import type { AlertLetter, AlertMemory } from '../../src/domain/alert-decision.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { NOW, tempLedger, type TempLedger } from '../support/ledger.ts';
import { iso, MINUTE, wellSnapshot } from './pictures.ts';

let clock: FakeClock;
let temp: TempLedger;
let logged: string[];
let sent: string[];
let picture: Partial<Snapshot>;

beforeEach(() => {
  clock = createFakeClock({ now: NOW });
  temp = tempLedger();
  logged = [];
  sent = [];
  picture = {};
});

const PARKED: Partial<Snapshot> = { state: 'parked', reason: 'no funds' };

type Kept = [memory: readonly AlertMemory[], letters: readonly AlertLetter[]];

function start(
  ledger: Ledger,
  over: { look?: () => Snapshot; keep?: (...kept: Kept) => void; posts?: boolean } = {},
): Watch {
  const note = (level: string) => (facts: object, message: string) =>
    void logged.push(`${level} ${message} ${JSON.stringify(facts)}`);
  const { alerts } = ledger;
  const send = (letters: readonly AlertLetter[]) =>
    void sent.push(...letters.map(({ id }) => id.replaceAll(/ ?2024\S+/g, '')));
  const post = {
    courier: { send, stop: () => Promise.resolve() },
    sender: { host: 'vessel', version: '1', scrub: (text: string) => text },
  };
  const told = over.posts === false ? 'log' : 'receiver';
  return startWatch({
    clock,
    log: { info: note('info'), warn: note('warn'), error: note('error') },
    terms: { lagMs: 30_000, tailEveryMs: () => 600 * MINUTE, runsForMs: () => 0, isAnswered: () => true },
    look: over.look ?? (() => wellSnapshot({ at: iso(clock.now()), ...picture })),
    newestDoubts: alerts.newestDoubts,
    post: over.posts === false ? null : post,
    keep: over.keep ?? ((memory, letters) => alerts.write(memory, letters, told)),
    memory: alerts.memory(told),
  });
}

it('tells an onset and its end once, over kills in between', async () => {
  let ledger = temp.open();
  let watch = start(ledger);
  const kill = async () => {
    await watch.stop();
    ledger.close();
    ledger = temp.open();
    watch = start(ledger);
  };
  picture = PARKED;
  await clock.advance(MINUTE);
  await kill();
  expect(sent).toEqual([]);
  await clock.advance(MINUTE);
  expect(sent).toEqual(['parked raised']);
  for (let time = 0; time < 10; time += 1) {
    await kill();
    await clock.advance(3 * MINUTE);
  }
  picture = {};
  await kill();
  await clock.advance(3 * MINUTE);
  await kill();
  await clock.advance(3 * MINUTE);
  expect(sent).toEqual(['parked raised', 'parked recovered']);
  await kill();
  await clock.advance(60 * MINUTE);
  expect(sent).toHaveLength(2);
  expect(ledger.alerts.memory('receiver')).toEqual([]);
  await watch.stop();
});

it('writes a letter down together with what was told, before it is sent', async () => {
  const ledger = temp.open();
  picture = { disk: { freeBytes: 5e8, totalBytes: 1e11, bytesPerDay: 5e7, daysLeft: 10, state: 'low' } };
  const watch = start(ledger);
  await clock.advance(15_000);
  expect(sent).toEqual(['disk raised']);
  expect(ledger.alerts.memory('receiver')).toMatchObject([{ kind: 'disk', api: null, told: 1, since: NOW + 15_000 }]);
  const [letter, ...more] = ledger.alerts.letters();
  expect(more).toEqual([]);
  expect(letter?.madeAt).toBe(NOW + 15_000);
  expect(JSON.parse(letter?.body ?? '')).toMatchObject({ alert: 'disk', host: 'vessel' });
  ledger.alerts.drop(letter?.id ?? '');
  expect(ledger.alerts.letters()).toEqual([]);
  await watch.stop();
});

it('tells all the same where nothing can be written, and not twice', async () => {
  const ledger = temp.open();
  let isFull = true;
  const keep = (...[memory, letters]: Kept) => {
    if (isFull) throw new Error('database or disk is full');
    ledger.alerts.write(memory, letters, 'receiver');
  };
  picture = { disk: { freeBytes: 5e6, totalBytes: 1e11, bytesPerDay: 5e7, daysLeft: 0, state: 'full' } };
  const watch = start(ledger, { keep });
  await clock.advance(10 * MINUTE);
  expect(sent).toEqual(['disk raised']);
  expect(logged.filter((line) => line.includes('could not be written down'))).toHaveLength(1);
  isFull = false;
  await clock.advance(MINUTE);
  expect(ledger.alerts.memory('receiver')).toMatchObject([{ kind: 'disk', told: 2 }]);
  await watch.stop();
});

it('says once that it cannot look, and goes on', async () => {
  const ledger = temp.open();
  let isGone = true;
  const look = () => {
    if (isGone) throw new Error('the file is gone');
    return wellSnapshot({ at: iso(clock.now()), doubts: 3 });
  };
  const watch = start(ledger, { look });
  await clock.advance(5 * MINUTE);
  expect(logged).toHaveLength(1);
  isGone = false;
  await clock.advance(15_000);
  expect(sent).toEqual(['doubt raised']);
  await watch.stop();
});

it('without a receiver tells the log, once over restarts too, and a receiver that is set later hears of it', async () => {
  let ledger = temp.open();
  let watch = start(ledger, { posts: false });
  const restart = async (posts: boolean) => {
    await watch.stop();
    ledger.close();
    ledger = temp.open();
    watch = start(ledger, { posts });
  };
  picture = PARKED;
  await clock.advance(5 * MINUTE);
  await restart(false);
  await clock.advance(5 * MINUTE);
  expect(logged.map((line) => line.split(' {')[0])).toEqual(['warn alert']);
  expect([sent, ledger.alerts.letters()]).toEqual([[], []]);
  await restart(true);
  await clock.advance(5 * MINUTE);
  expect(sent).toEqual(['parked raised']);
  await restart(false);
  picture = {};
  await clock.advance(10 * MINUTE);
  expect(logged.map((line) => line.split(' {')[0])).toEqual(['warn alert', 'warn alert', 'info alert is over']);
  await watch.stop();
});

it('writes nothing while nothing happens, and no more than now and then while something lasts', async () => {
  const ledger = temp.open();
  let writes = 0;
  const keep = (...[memory, letters]: Kept) => {
    writes += 1;
    ledger.alerts.write(memory, letters, 'receiver');
  };
  const watch = start(ledger, { keep });
  await clock.advance(60 * MINUTE);
  expect(writes).toBe(0);
  picture = PARKED;
  await clock.advance(60 * MINUTE);
  // Its onset, the telling, and every five minutes.
  expect(writes).toBeLessThanOrEqual(14);
  await watch.stop();
});

it('tells the kinds of the newest doubts', () => {
  const ledger = temp.open();
  const range = { since: NOW - 1000, until: NOW };
  for (const kind of ['moved', 'unproven', 'unlisted', 'unproven'] as const) {
    const detail = String(Math.random());
    ledger.recordDoubt({ api: 'backlinks', kind, range, taskId: detail, detail }, NOW);
  }
  expect(ledger.alerts.newestDoubts(3)).toEqual([
    { kind: 'unproven', count: 2 },
    { kind: 'unlisted', count: 1 },
  ]);
});

it('is over at once when it is stopped', async () => {
  const watch = start(temp.open());
  await watch.stop();
  await clock.advance(MINUTE);
  expect(clock.sleepers()).toEqual([]);
});
