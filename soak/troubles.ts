import type { SimulatorOptions } from '../src/simulator/options.ts';
import type { Host } from './host.ts';
import type { Machine } from './machine.ts';
import type { Happening } from './scenario.ts';
import type { Service } from './service.ts';
import type { Timeline } from './timeline.ts';

type Stage = {
  readonly timeline: Timeline;
  readonly machine: Machine;
  readonly service: Service;
  readonly host: Host;
};

/** What begins by itself and ends by itself while the daemon runs. */
type Trouble = Exclude<Happening, { kind: 'stop' | 'kill' | 'crash' | 'suspension' }>;

export type Troubles = {
  readonly begin: (what: Trouble) => void;
  /** Lets time pass, ending what comes to its end meanwhile. */
  readonly pass: (until: number, isOver: () => boolean) => Promise<void>;
  readonly endAll: () => void;
  readonly isDiskFull: () => boolean;
  /** Since when nothing stands in the daemon's way, ms since the beginning; Infinity while something does. */
  readonly calmSince: () => number;
  /** Since when nothing keeps the daemon from calling, ms since the beginning; Infinity while something does. */
  readonly reachableSince: () => number;
  /** How long it was calm between two moments, ms. */
  readonly calmBetween: (from: number, to: number) => number;
  /** Something has happened that takes the daemon a moment. */
  readonly disturbed: () => void;
  /** The daemon has been started, or has ended. */
  readonly setUp: (isUp: boolean) => void;
};

type Ongoing = { readonly until: number; readonly end: () => void; readonly isSilencing: boolean };

/** Calls are made all the same. */
const NOT_SILENCING: readonly Happening['kind'][] = ['clock step', 'false Date', 'rush', 'slowness'];

/** More of others' calls than this leave the daemon too few. */
const FOREIGN_EVERY_MS = [1_500, 4_000, 15_000] as const;

export function createTroubles(stage: Stage): Troubles {
  const { timeline, host, service } = stage;
  const usual: Usual = { latency: service.options().latency, tasksPerMinute: service.options().tasksPerMinute };
  let ongoing: Ongoing[] = [];
  let calmSince = 0;
  let reachableSince = 0;
  let isUp = false;
  let diskFull = 0;
  const calm: { from: number; to: number }[] = [];
  const disturbed = (isSilencing = true) => {
    const now = timeline.elapsed();
    if (isSilencing) reachableSince = now;
    if (isUp && ongoing.length === 0 && calmSince < now) calm.push({ from: calmSince, to: now });
    calmSince = now;
  };
  const end = (ended: Ongoing) => {
    disturbed(ended.isSilencing);
    ongoing = ongoing.filter((other) => other !== ended);
    ended.end();
  };
  return {
    disturbed: () => disturbed(),
    setUp: (up) => {
      disturbed();
      isUp = up;
    },
    isDiskFull: () => diskFull > 0,
    begin: (what) => {
      const effect = effectOf({ ...stage, usual }, what, (change) => {
        diskFull += change;
        host.setDiskFull(diskFull > 0);
      });
      if (effect === null) return;
      const isSilencing = !NOT_SILENCING.includes(what.kind);
      disturbed(isSilencing);
      ongoing.push({ until: timeline.elapsed() + effect.forMs, end: effect.end, isSilencing });
    },
    pass: async (until, isOver) => {
      for (;;) {
        const [next] = ongoing.filter((each) => each.until <= until).sort((a, b) => a.until - b.until);
        await timeline.run(Math.max(next?.until ?? until, timeline.elapsed()), isOver);
        if (next === undefined || isOver()) return;
        end(next);
      }
    },
    endAll: () => {
      for (const each of [...ongoing]) end(each);
    },
    calmSince: () => (ongoing.length > 0 || !isUp ? Infinity : calmSince),
    reachableSince: () => (!isUp || ongoing.some(({ isSilencing }) => isSilencing) ? Infinity : reachableSince),
    calmBetween: (from, to) => {
      const present = isUp && ongoing.length === 0 ? [{ from: calmSince, to: timeline.elapsed() }] : [];
      return [...calm, ...present].reduce(
        (sum, each) => sum + Math.max(0, Math.min(each.to, to) - Math.max(each.from, from)),
        0,
      );
    },
  };
}

/** What holds again once a trouble is over. */
type Usual = { readonly latency: SimulatorOptions['latency']; tasksPerMinute: number };

/** What it does at once; and what ends it, or null where nothing is to end. */
function effectOf(
  stage: Stage & { readonly usual: Usual },
  what: Trouble,
  changeDisk: (change: 1 | -1) => void,
): { readonly forMs: number; readonly end: () => void } | null {
  const { machine, service, timeline, usual } = stage;
  switch (what.kind) {
    case 'outage':
      service.setReachable(false);
      return { forMs: what.forMs, end: () => service.setReachable(true) };
    case 'foreign use':
      return { forMs: what.forMs, end: foreignUse(timeline, service, Math.round(what.forMs)) };
    case 'full disk':
      changeDisk(1);
      return { forMs: what.forMs, end: () => changeDisk(-1) };
    case 'faults':
      service.set({ faults: what.faults });
      return { forMs: what.forMs, end: () => service.set({ faults: [] }) };
    case 'account refused':
      service.set({ refusals: { account: what.code } });
      return { forMs: what.forMs, end: () => service.set({ refusals: { account: null } }) };
    case 'api refused':
      service.set({ refusals: { apis: { [what.api]: what.code } } });
      return { forMs: what.forMs, end: () => service.set({ refusals: { apis: { [what.api]: null } } }) };
    case 'clock step':
      machine.stepWall(what.byMs);
      return { forMs: what.backAfterMs, end: () => machine.stepWall(-what.byMs) };
    case 'false Date':
      service.lieOnce(what.byMs);
      return { forMs: 10 * 60_000, end: () => service.lieOnce(0) };
    case 'burst':
      service.post(what.api, what.tasks);
      return null;
    case 'rush':
      service.set({ tasksPerMinute: what.perMinute });
      return { forMs: what.forMs, end: () => service.set({ tasksPerMinute: usual.tasksPerMinute }) };
    case 'another pace':
      usual.tasksPerMinute = what.perMinute;
      service.set({ tasksPerMinute: what.perMinute });
      return null;
    case 'slowness':
      service.set({ latency: what.latency });
      return { forMs: what.forMs, end: () => service.set({ latency: usual.latency }) };
  }
}

function foreignUse(timeline: Timeline, service: Service, seed: number): () => void {
  const everyMs = FOREIGN_EVERY_MS[seed % FOREIGN_EVERY_MS.length] ?? 1_500;
  let timer = timeline.after('world', everyMs, call);
  function call() {
    service.foreignCall();
    timer = timeline.after('world', everyMs, call);
  }
  return () => timeline.cancel(timer);
}
