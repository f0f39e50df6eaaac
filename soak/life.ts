import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../src/time.ts';
import { createAuditor, type Auditor } from './auditor.ts';
import { createDraw } from './draw.ts';
import { claim, iso, SoakFailure } from './failure.ts';
import { createHost, type Host } from './host.ts';
import { createMachine, installGlobals, worldClock, type Machine } from './machine.ts';
import type { Happening, Scenario } from './scenario.ts';
import { createService, type Service } from './service.ts';
import { createTimeline, type Timeline } from './timeline.ts';
import { createTroubles, type Troubles } from './troubles.ts';

/** What a run has come to. */
export type LifeReport = {
  readonly days: number;
  readonly tasks: number;
  readonly calls: number;
  readonly crashes: number;
  readonly stops: number;
  readonly comparisons: number;
  readonly mostInAnyPeriod: number;
  readonly losses: number;
  readonly doubts: number;
};

export type Life = {
  readonly run: (onDay: (report: LifeReport) => void) => Promise<LifeReport>;
  /** Where the run stands, for whoever tells of a failure. */
  readonly moment: () => string;
  readonly logged: () => readonly string[];
  /** What befell it last. */
  readonly lastHappenings: () => readonly string[];
  readonly close: () => void;
};

type Stage = {
  readonly scenario: Scenario;
  readonly timeline: Timeline;
  readonly machine: Machine;
  readonly service: Service;
  readonly host: Host;
  readonly auditor: Auditor;
  readonly troubles: Troubles;
};

const SECRETS = { DATAFORSEO_LOGIN: 'login', DATAFORSEO_PASSWORD: 'password', DATAFORSEO_URL: 'http://127.0.0.1:9' };
/** What DataForSEO allows. */
const TERMS = { calls: 10, periodMs: 60_000 };
/** SIGTERM is answered within 8 seconds, also while the server hangs. */
const LONGEST_STOP_MS = 8_000;
const STEP_MS = MINUTE_MS;
/** By then whatever could be had is there, and has settled: several times the longest `settle`. */
const REST_MS = 12 * HOUR_MS;

/** Takes the globals of this process for good: one life at a time, and nothing else beside it. */
export function createLife(scenario: Scenario): Life {
  const timeline = createTimeline();
  const machine = createMachine(timeline, scenario.startedAt);
  const arrivals: number[] = [];
  let most = 0;
  const onArrival = (mono: number) => {
    arrivals.push(mono);
    while ((arrivals[0] ?? mono) <= mono - TERMS.periodMs) arrivals.shift();
    most = Math.max(most, arrivals.length);
  };
  const service = createService({ ...scenario.world }, { clock: worldClock(timeline, scenario.startedAt), onArrival });
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ledger-soak-'));
  const host = createHost({ timeline, machine, service, folder });
  installGlobals(timeline, machine.wall, host.isAlive);
  const troubles = createTroubles({ timeline, machine, service, host });
  const auditor = createAuditor({
    scenario,
    timeline,
    machine,
    service,
    host,
    troubles,
    terms: TERMS,
    most: () => most,
  });
  const stage: Stage = { scenario, timeline, machine, service, host, auditor, troubles };
  return {
    run: (onDay) => live(stage, onDay),
    moment: () => `day ${(timeline.elapsed() / DAY_MS).toFixed(2)}, ${iso(scenario.startedAt + timeline.elapsed())}`,
    logged: host.logged,
    lastHappenings: auditor.lastHappenings,
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function live(stage: Stage, onDay: (report: LifeReport) => void): Promise<LifeReport> {
  const { scenario, host, auditor, troubles } = stage;
  const life = createConductor(stage);
  life.start();
  const days = Array.from({ length: scenario.days }, (_, day) => ({ at: (day + 1) * DAY_MS, what: null }));
  const all = [...scenario.agenda, ...days].sort((a, b) => a.at - b.at);
  for (const { at, what } of all) {
    await life.advance(at);
    if (what !== null) await life.meet(what);
    else {
      await auditor.compare();
      onDay(auditor.report());
    }
  }
  // Time to come to rest: then everything that the server lists is in the ledger.
  await life.advance(scenario.days * DAY_MS + MINUTE_MS);
  troubles.endAll();
  await life.rest();
  await auditor.atRest();
  claim(await host.stop(LONGEST_STOP_MS), () => 'The daemon does not stop within 8 seconds.');
  await auditor.verify();
  return auditor.report();
}

/** Leads the run from happening to happening; whatever dies on the way is examined and started again. */
function createConductor({ scenario, timeline, machine, host, auditor, troubles }: Stage) {
  const draw = createDraw(scenario.seed, 3);
  /** Time spent in stops, which the agenda does not count. */
  let stopped = 0;
  let armed: { downMs: number; reboot: boolean } | null = null;
  let isSecondHalf = false;
  const livedTo = () => timeline.elapsed() - stopped;
  const start = () => {
    isSecondHalf ||= livedTo() > (scenario.days * DAY_MS) / 2;
    host.start({ ...SECRETS, ...scenario.settings[isSecondHalf ? 1 : 0], LEDGER_HTTP_PORT: '0' });
    troubles.setUp(true);
  };
  const stayDown = async (ms: number, reboot: boolean) => {
    const before = timeline.elapsed();
    await troubles.pass(before + ms, () => false);
    stopped += timeline.elapsed() - before;
    if (reboot) machine.reboot();
    start();
  };
  const afterCrash = async () => {
    const { downMs, reboot } = armed ?? { downMs: draw.spread(SECOND_MS, MINUTE_MS), reboot: false };
    armed = null;
    troubles.setUp(false);
    await timeline.settle();
    await auditor.afterCrash();
    await stayDown(downMs, reboot);
  };
  /** A daemon that has ended by itself: rightly only at its first start, where the disk was full. */
  const afterFailure = async () => {
    const failure = host.failure();
    const isFirst = (statSync(host.path(), { throwIfNoEntry: false })?.size ?? 0) === 0;
    if (!troubles.isDiskFull() || !isFirst) {
      const text = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
      throw new SoakFailure(`The daemon has ended by itself: ${text}`);
    }
    host.kill();
    await afterCrash();
  };
  const advance = async (at: number) => {
    // The difference of two sums may fall short of it by less than any moment.
    while (at - livedTo() > 1) {
      const step = Math.min(at + stopped, timeline.elapsed() + STEP_MS);
      await troubles.pass(step, () => !host.isAlive() || host.failure() !== null);
      if (!host.isAlive()) await afterCrash();
      else if (host.failure() !== null) await afterFailure();
      else auditor.step();
    }
  };
  const stop = async ({ downMs, reboot }: { downMs: number; reboot: boolean }) => {
    host.arm(null);
    const began = timeline.elapsed();
    const ended = await host.stop(LONGEST_STOP_MS);
    claim(ended || host.failure() !== null, () => 'The daemon does not stop within 8 seconds.');
    stopped += timeline.elapsed() - began;
    troubles.setUp(false);
    await auditor.afterStop();
    await stayDown(downMs, reboot);
  };
  const meet = async (what: Happening) => {
    auditor.note(what);
    switch (what.kind) {
      case 'stop':
        await stop(what);
        return;
      case 'kill':
        armed = what;
        host.kill();
        await afterCrash();
        return;
      case 'crash':
        armed = what;
        host.arm(what.point);
        return;
      case 'suspension':
        machine.suspend(what.forMs);
        troubles.disturbed();
        await troubles.pass(timeline.elapsed() + what.forMs, () => !host.isAlive());
        return;
      case 'outage':
      case 'foreign use':
      case 'full disk':
      case 'faults':
      case 'account refused':
      case 'api refused':
      case 'clock step':
      case 'false Date':
      case 'burst':
      case 'rush':
      case 'another pace':
      case 'slowness':
        troubles.begin(what);
    }
  };
  const rest = async () => {
    host.arm(null);
    armed = null;
    await advance(livedTo() + REST_MS);
  };
  return { start, advance, meet, rest };
}
