import { APIS, type SimulatorPatch } from '../src/simulator/options.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../src/time.ts';
import { createDraw, type Draw } from './draw.ts';

/** What happens in a run, drawn from its seed. A stop takes time of its own: `at` counts the time outside of stops. */
export type Happening =
  | { readonly kind: 'stop' | 'kill'; readonly downMs: number; readonly reboot: boolean }
  | { readonly kind: 'crash'; readonly point: CrashAt; readonly downMs: number; readonly reboot: boolean }
  | { readonly kind: 'outage' | 'foreign use'; readonly forMs: number }
  | { readonly kind: 'full disk'; readonly forMs: number }
  | { readonly kind: 'faults'; readonly faults: Faults; readonly forMs: number }
  | { readonly kind: 'account refused'; readonly code: AccountCode; readonly forMs: number }
  | { readonly kind: 'api refused'; readonly code: 40204 | 40400 | 40402; readonly api: string; readonly forMs: number }
  | { readonly kind: 'clock step'; readonly byMs: number; readonly backAfterMs: number }
  | { readonly kind: 'suspension'; readonly forMs: number }
  | { readonly kind: 'false Date'; readonly byMs: number }
  | { readonly kind: 'burst'; readonly api: string; readonly tasks: number }
  | { readonly kind: 'rush'; readonly perMinute: number; readonly forMs: number }
  | { readonly kind: 'another pace'; readonly perMinute: number }
  | { readonly kind: 'slowness'; readonly latency: NonNullable<SimulatorPatch['latency']>; readonly forMs: number };

type CrashAt = {
  readonly at: 'before a commit' | 'after a commit' | 'as a request leaves' | 'as an answer comes';
  readonly count: number;
};
type Faults = NonNullable<SimulatorPatch['faults']>;
type AccountCode = 40100 | 40104 | 40200 | 40201 | 40207 | 40210;

export type Scenario = {
  readonly seed: number;
  readonly days: number;
  /** Epoch ms of the world's own clock. */
  readonly startedAt: number;
  readonly world: SimulatorPatch;
  /** Of the daemon, beside credentials and paths; the second ones hold from the middle of the run on. */
  readonly settings: readonly [Readonly<Record<string, string>>, Readonly<Record<string, string>>];
  readonly agenda: readonly { readonly at: number; readonly what: Happening }[];
};

/** The default for a quarter of the lives: it costs several times the others. */
const CRONS = [
  '* * * * *', '* * * * *', '*/5 * * * *', '*/15 * * * *', '*/10 * * * *', '*/10 * * * *', '7 * * * *', '7 * * * *',
] as const; // prettier-ignore

/** The same seed and days give the same scenario, on any machine. */
export function drawScenario(seed: number, days: number): Scenario {
  const draw = createDraw(seed, 1);
  const apis = drawApis(draw);
  const settle = draw.of(['1h', '1h', '2h', '30m'] as const);
  const first = {
    LEDGER_TAIL_CRON: draw.of(CRONS),
    LEDGER_LAG: draw.of(['30s', '30s', '10s', '2m'] as const),
    LEDGER_SETTLE: settle,
    LEDGER_APIS: apis.slice(0, Math.max(1, apis.length - (draw.is(0.5) ? 1 : 0))).join(','),
  };
  return {
    seed,
    days,
    startedAt: Date.UTC(2024, 0, 1) + draw.whole(0, 700 * 24 * 3_600) * SECOND_MS,
    world: drawWorld(draw, seed, apis),
    settings: [first, { ...first, LEDGER_APIS: apis.join(',') }],
    agenda: [
      ...drawAgenda(createDraw(seed, 2), days, apis),
      ...drawEarly(createDraw(seed, 4)),
      ...drawWrongStarts(createDraw(seed, 6), days),
    ].sort((a, b) => a.at - b.at),
  };
}

function drawApis(draw: Draw): (typeof APIS)[number][] {
  const others = APIS.filter((api) => api !== 'backlinks');
  const count = draw.of([0, 0, 0, 1, 2]);
  return ['backlinks', ...Array.from({ length: count }, (_, at) => others[(draw.whole(0, 4) + at * 5) % 10] ?? 'serp')];
}

function drawWorld(draw: Draw, seed: number, apis: (typeof APIS)[number][]): SimulatorPatch {
  return {
    seed,
    apis,
    login: 'login',
    password: 'password',
    // Some accounts are so large that their window is no single slice.
    tasks: Math.round(draw.spread(5, 12_000)) + (createDraw(seed, 5).is(0.2) ? 35_000 : 0),
    spanDays: draw.of([180, 180, 200, 20]),
    arrivals: draw.of(['uniform', 'bursty', 'heavy_tailed', 'crowded_second', 'sparse'] as const),
    crowdTasks: draw.whole(1, 5_000),
    tasksPerMinute: drawPace(draw),
    skewMs: draw.of([0, 0, 400, -30_000, 45_000, 5 * HOUR_MS, -8 * HOUR_MS]),
    windows: {
      ids: draw.of(['calendar', 'calendar', 180, 182, 184] as const),
      metadata: draw.of(['calendar', 'calendar', 28, 30, 31] as const),
      strictnessSeconds: draw.of([0, 0, 20, -20]),
    },
    rate: { strict: draw.is(0.3), answer: draw.of(['envelope40202', 'task40202', 'http429'] as const) },
    listing: {
      sort: draw.of(['posted', 'posted', 'done'] as const),
      ties: draw.of(['stable', 'stable', 'reshuffled'] as const),
      fromBound: draw.of(['inclusive', 'exclusive'] as const),
      toBound: draw.of(['inclusive', 'exclusive'] as const),
      unfinished: draw.of(['first', 'last'] as const),
    },
    late: { share: draw.of([0, 0.01, 0.1]), maxMs: draw.of([20_000, 5 * MINUTE_MS, 20 * MINUTE_MS]) },
    finishing: {
      share: draw.of([0.01, 0.05]),
      minMs: 30_000,
      maxMs: draw.of([20 * MINUTE_MS, 6 * HOUR_MS, 20 * DAY_MS]),
    },
    outcomes: { refundShare: draw.of([0, 0.01, 0.03]), refundAfterMs: draw.of([2 * HOUR_MS, DAY_MS, 10 * DAY_MS]) },
    rows: {
      status: draw.of(['code', 'number', 'message', 'mixed'] as const),
      url: draw.of(['relative', 'mixed'] as const),
      pendingStatus: draw.of([40601, 40602, 20100] as const),
      pendingDone: draw.of(['null', 'missing', 'empty'] as const),
    },
    metadata: {
      form: draw.of(['object', 'object', 'list'] as const),
      bytes: 150,
      missingShare: draw.of([0, 0, 0.02]),
      whilePending: draw.is(0.7),
    },
    answers: {
      time: draw.of(['true', 'true', 'lie', 'absent'] as const),
      emptyResult: draw.of(['list', 'null'] as const),
    },
    latency: drawLatency(draw),
  };
}

/** New tasks a minute and API: ten to a thousand a day. */
function drawPace(draw: Draw): number {
  return draw.spread(10, 700) / 1_440;
}

function drawLatency(draw: Draw): NonNullable<SimulatorPatch['latency']> {
  return {
    meanMs: Math.round(draw.spread(20, 5_000)),
    tailShare: draw.of([0, 0.01, 0.05]),
    tailMs: draw.of([20_000, 70_000]),
    transitMs: Math.round(draw.spread(5, 1_500)),
  };
}

type Frequent = { readonly aDay: number; readonly make: (draw: Draw, apis: readonly string[]) => Happening };

/** How often in a day each of them happens, on the average. */
const FREQUENT: readonly Frequent[] = [
  { aDay: 0.25, make: (draw) => ({ kind: 'kill', downMs: drawPause(draw), reboot: draw.is(0.3) }) },
  {
    aDay: 0.5,
    make: (draw) => ({ kind: 'crash', point: drawPoint(draw), downMs: drawPause(draw), reboot: draw.is(0.3) }),
  },
  { aDay: 0.15, make: (draw) => ({ kind: 'stop', downMs: drawStop(draw), reboot: draw.is(0.3) }) },
  { aDay: 0.15, make: (draw) => ({ kind: 'outage', forMs: draw.spread(10 * SECOND_MS, 12 * HOUR_MS) }) },
  { aDay: 0.1, make: (draw) => ({ kind: 'foreign use', forMs: draw.spread(5 * MINUTE_MS, 2 * HOUR_MS) }) },
  {
    aDay: 0.3,
    make: (draw) => ({ kind: 'faults', faults: drawFaults(draw), forMs: draw.spread(MINUTE_MS, 6 * HOUR_MS) }),
  },
  {
    aDay: 0.06,
    make: (draw) => ({
      kind: 'account refused',
      code: draw.of([40100, 40104, 40200, 40201, 40207, 40210] as const),
      forMs: draw.spread(5 * MINUTE_MS, 30 * HOUR_MS),
    }),
  },
  {
    aDay: 0.06,
    make: (draw, apis) => ({
      kind: 'api refused',
      code: draw.of([40204, 40400, 40402] as const),
      api: apis[draw.whole(0, apis.length - 1)] ?? 'backlinks',
      forMs: draw.spread(5 * MINUTE_MS, 30 * HOUR_MS),
    }),
  },
  {
    aDay: 0.12,
    make: (draw) => ({
      kind: 'clock step',
      byMs: Math.round(draw.spread(SECOND_MS, 3 * DAY_MS)) * (draw.is(0.5) ? 1 : -1),
      backAfterMs: draw.spread(MINUTE_MS, 8 * HOUR_MS),
    }),
  },
  { aDay: 0.05, make: (draw) => ({ kind: 'suspension', forMs: draw.spread(SECOND_MS, 10 * HOUR_MS) }) },
  {
    aDay: 0.03,
    make: (draw) => ({
      kind: 'false Date',
      byMs: Math.round(draw.spread(MINUTE_MS, 40 * DAY_MS)) * (draw.is(0.5) ? 1 : -1),
    }),
  },
  {
    aDay: 0.4,
    make: (draw, apis) => ({
      kind: 'burst',
      api: apis[draw.whole(0, apis.length - 1)] ?? 'backlinks',
      tasks: Math.round(draw.spread(1, 2_500)),
    }),
  },
  {
    aDay: 0.02,
    make: (draw) => ({ kind: 'rush', perMinute: draw.spread(20, 1_500), forMs: draw.spread(2, 8) * MINUTE_MS }),
  },
  { aDay: 0.2, make: (draw) => ({ kind: 'another pace', perMinute: draw.is(0.2) ? 0 : drawPace(draw) }) },
  {
    aDay: 0.1,
    make: (draw) => ({
      kind: 'slowness',
      latency: drawLatency(draw),
      forMs: draw.spread(10 * MINUTE_MS, 12 * HOUR_MS),
    }),
  },
  { aDay: 0.05, make: (draw) => ({ kind: 'full disk', forMs: draw.spread(10 * SECOND_MS, 3 * HOUR_MS) }) },
];

function drawAgenda(draw: Draw, days: number, apis: readonly string[]): Scenario['agenda'] {
  const often = FREQUENT.flatMap(({ aDay, make }) => {
    const found = [];
    for (let day = -Math.log(1 - draw.next()) / aDay; day < days; day += -Math.log(1 - draw.next()) / aDay)
      found.push({ at: day * DAY_MS, what: make(draw, apis) });
    return found;
  });
  // In a run of some length there is a long stop of each kind; a short one has one of them.
  const longs = draw.of([
    [1, 35, 210],
    [35, 210, 1],
    [210, 1, 35],
  ]);
  const long = longs.slice(0, Math.max(1, Math.round(days / 60))).map((stopped) => ({
    at: draw.between(0.1, 0.9) * days * DAY_MS,
    what: { kind: 'stop', downMs: (stopped + draw.next()) * DAY_MS, reboot: draw.is(0.5) } as const,
  }));
  return [...often, ...long].sort((a, b) => a.at - b.at);
}

/** The first backfill, which uses all of the budget, has its share too: a crash at once, a kill soon after, and some a bad network. */
function drawEarly(draw: Draw): Scenario['agenda'] {
  const downMs = draw.of([0, draw.spread(100, 5_000)]);
  const crash = { kind: 'crash', point: drawPoint(draw), downMs, reboot: false } as const;
  const kill = { kind: 'kill', downMs: 0, reboot: false } as const;
  const fault = draw.of(['reset', 'cut', 'hang'] as const);
  const faults: Happening = { kind: 'faults', faults: [{ fault, when: { share: 0.5 } }], forMs: 10 * MINUTE_MS };
  const early = [
    { at: draw.between(0, 0.2) * MINUTE_MS, what: crash },
    { at: draw.between(1, 3) * MINUTE_MS, what: kill },
  ];
  return draw.is(0.5) ? early : [...early, { at: draw.between(0, 1) * MINUTE_MS, what: faults }];
}

/** A wall clock that is set wrong, a start by it right after, and hours until somebody sees: the first guess of the time is wrong, and stays so. */
function drawWrongStarts(draw: Draw, days: number): Scenario['agenda'] {
  const starts = [];
  for (let day = -Math.log(1 - draw.next()) / WRONG_STARTS_A_DAY; day < days;) {
    const byMs = Math.round(draw.spread(10 * MINUTE_MS, 3 * DAY_MS)) * (draw.is(0.3) ? 1 : -1);
    const step = { kind: 'clock step', byMs, backAfterMs: draw.spread(2 * HOUR_MS, 30 * HOUR_MS) } as const;
    const kill = { kind: 'kill', downMs: drawPause(draw), reboot: draw.is(0.3) } as const;
    starts.push({ at: day * DAY_MS, what: step }, { at: day * DAY_MS + SECOND_MS, what: kill });
    day += -Math.log(1 - draw.next()) / WRONG_STARTS_A_DAY;
  }
  return starts;
}

const WRONG_STARTS_A_DAY = 0.05;

function drawPause(draw: Draw): number {
  return draw.of([0, draw.spread(SECOND_MS, MINUTE_MS), draw.spread(MINUTE_MS, 2 * HOUR_MS)]);
}

function drawStop(draw: Draw): number {
  return draw.of([
    draw.spread(SECOND_MS, 10 * MINUTE_MS),
    draw.spread(10 * MINUTE_MS, DAY_MS),
    draw.spread(DAY_MS, 4 * DAY_MS),
  ]);
}

function drawPoint(draw: Draw): CrashAt {
  const at = draw.of(['before a commit', 'after a commit', 'as a request leaves', 'as an answer comes'] as const);
  return { at, count: draw.whole(1, at.endsWith('commit') ? 60 : 12) };
}

/** None that a single answer could not give away: such a lie stays one, and the ledger would be held to it. */
const FAULTS = [
  'http500', 'http502', 'http503', 'http429', 'http402', 'reset', 'html', 'envelope50000', 'envelope40202', 'task50401', 'task40202',
  'hang', 'slow', 'cut', 'truncated', 'wrong_shape', 'lie_result_count', 'repeat_row', 'wrong_echo',
] as const; // prettier-ignore

function drawFaults(draw: Draw): Faults {
  return Array.from({ length: draw.whole(1, 3) }, () => ({
    fault: draw.of(FAULTS),
    when: { share: draw.of([1, draw.spread(0.02, 0.8)]) },
    ms: Math.round(draw.spread(1_000, 90_000)),
    retryAfterSeconds: draw.of([null, 1, 90]),
  }));
}

/** Of a setting: `30s`, `10m`, `1h`, `30d`. */
export function durationOf(text: string): number {
  const unit = { d: DAY_MS, h: HOUR_MS, m: MINUTE_MS }[text.slice(-1)] ?? 1_000;
  return Number(text.slice(0, -1)) * unit;
}
