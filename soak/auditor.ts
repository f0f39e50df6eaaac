import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { longestPauseMs } from '../src/harvest/schedule.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../src/time.ts';
import { claimAllRead } from './at-rest.ts';
import { allowedDoubts } from './doubts.ts';
import { claim } from './failure.ts';
import { createFacts } from './facts.ts';
import type { Host } from './host.ts';
import type { LifeReport } from './life.ts';
import type { Machine } from './machine.ts';
import { createLossCheck, NARROWER_MS } from './losses.ts';
import { checkPartition } from './partition.ts';
import { durationOf, type Happening, type Scenario } from './scenario.ts';
import type { Service } from './service.ts';
import { checkSums } from './sums.ts';
import { createThrift } from './thrift.ts';
import type { Timeline } from './timeline.ts';
import type { Troubles } from './troubles.ts';
import { compareWithTruth } from './truth.ts';

/** Holds the ledger against itself at each step, and against the truth each day, after each crash and each stop. */
export type Auditor = {
  readonly note: (what: Happening) => void;
  readonly lastHappenings: () => readonly string[];
  readonly step: () => void;
  readonly compare: () => Promise<void>;
  readonly afterCrash: () => Promise<void>;
  readonly afterStop: () => Promise<void>;
  /** Nothing has stood in the way for more than a day: everything must be there. */
  readonly atRest: () => Promise<void>;
  /** `verify`, on a ledger that nobody writes. */
  readonly verify: () => Promise<void>;
  readonly report: () => LifeReport;
};

export type AuditorSetup = {
  readonly scenario: Scenario;
  readonly timeline: Timeline;
  readonly machine: Machine;
  readonly service: Service;
  readonly host: Host;
  readonly troubles: Troubles;
  readonly terms: { readonly calls: number; readonly periodMs: number };
  readonly most: () => number;
};

/** The daemon has looked up several times by then. */
const CALM_MS = 5 * MINUTE_MS;
/** Who could not save or was refused looks again within an hour; from then on each tick of the schedule brings a call. */
const SILENCE_MS = HOUR_MS + CALM_MS;
/**
 * Of a ledger that is larger than this all is compared every so many times, the larger the more seldom, and in between what was
 * written since.
 */
const LARGE_TASKS = 30_000;
const TASKS_A_COMPARISON = 5_000;
/** Every so many crashes and stops the product's own check looks at the file too: it reads all of it. */
const VERIFY_EVERY = 6;
const TASKS_A_VERIFICATION = 10_000;

export function createAuditor(setup: AuditorSetup): Auditor {
  const { scenario, timeline, service, host, troubles } = setup;
  const facts = createFacts(service);
  const walkStarts = new Map<number, number>();
  const met = new Set<Happening['kind']>();
  const faultsMet = new Set<string>();
  const happenings: string[] = [];
  const counts = { crashes: 0, stops: 0, comparisons: 0, losses: 0, doubts: 0, tasks: 0 };
  const thrift = createThrift(setup.terms);
  /** Since when the ledger has which API, ms since the beginning; seen within an hour. */
  const bornAt = new Map((scenario.settings[0]['LEDGER_APIS'] ?? '').split(',').map((api) => [api, 0]));
  const checkLosses = createLossCheck(setup, bornAt);
  let lastLook = { at: 0, total: 0 };
  let comparedCall: number | null = null;
  /** Comparisons since all was compared, and crashes and stops since `verify` looked. */
  const since = { whole: 0, verify: 0 };
  let reader: { readonly path: string; readonly database: Database.Database } | null = null;

  /** One connection a file. */
  const open = (): Database.Database | null => {
    const path = host.path();
    if (reader?.path === path) return reader.database;
    reader?.database.close();
    reader = null;
    if (!existsSync(path)) return null;
    const database = new Database(path, { readonly: true });
    reader = { path, database };
    return database;
  };
  const skewMs = () => service.options().skewMs;
  const toServer = (elapsed: number) => scenario.startedAt + elapsed + skewMs();
  const readableSince = (grade: 'ids' | 'metadata') => service.windowEdge(grade) - NARROWER_MS;
  const isBorn = (database: Database.Database) => Number(database.pragma('user_version', { simple: true })) > 0;

  const checkDoubts = (database: Database.Database) => {
    const kinds = database
      .prepare<[], { kind: string; n: number; detail: string }>(
        'select kind, count(*) as n, max(detail) as detail from doubt group by kind',
      )
      .all();
    counts.doubts = kinds.reduce((sum, { n }) => sum + n, 0);
    const allowed = allowedDoubts(service.options(), met, faultsMet);
    for (const { kind, detail } of kinds)
      claim(allowed.has(kind), () => `There is a doubt of the kind ${kind} without cause: ${detail}`);
  };

  /** Cheap enough for each hour. */
  const look = (database: Database.Database, isAlive: boolean) => {
    const total = database.prepare<[], number>('select ifnull(sum(tasks), 0) from tally').pluck().get() ?? 0;
    claim(total >= lastLook.total, () => `There are ${total} tasks, where there were ${lastLook.total}.`);
    counts.tasks = total;
    lastLook = { ...lastLook, total };
    checkDoubts(database);
    counts.losses = 0;
    const settings = scenario.settings[1];
    for (const api of (settings['LEDGER_APIS'] ?? '').split(',')) {
      if (!bornAt.has(api) && isKnown(database, api)) bornAt.set(api, timeline.elapsed());
      const calm = isAlive && timeline.elapsed() - troubles.calmSince() > CALM_MS && hasAnswered();
      const lagMs = durationOf(settings['LEDGER_LAG'] ?? '30s');
      const until = calm ? service.now() - lagMs - 3 * MINUTE_MS : null;
      const losses = checkPartition({ database, api, until, readableSince });
      counts.losses += losses.length;
      checkLosses(losses, api);
    }
  };
  /** A server that answers is called, whatever the daemon thinks the time is. */
  const checkSilence = () => {
    const longestMs = SILENCE_MS + 3 * longestPauseMs(scenario.settings[1]['LEDGER_TAIL_CRON'] ?? '* * * * *');
    const now = timeline.elapsed();
    if (now - troubles.reachableSince() < longestMs) return;
    const silentMs = now - (service.newest().at(-1)?.monoMs ?? 0);
    claim(silentMs < longestMs, () => `Nobody has called for ${(silentMs / HOUR_MS).toFixed(1)} hours.`);
  };
  const hasAnswered = () =>
    service.newest().every(({ monoMs, code }) => code !== null && monoMs > troubles.calmSince());

  const whole = async (isAlive: boolean, isLast = false) => {
    const database = open();
    if (database === null || !isBorn(database)) return;
    database.exec('begin');
    try {
      look(database, isAlive);
      since.whole += 1;
      const isSmall = counts.tasks <= LARGE_TASKS;
      const comparesAll = isLast || isSmall || since.whole * TASKS_A_COMPARISON >= counts.tasks;
      if (comparesAll) since.whole = 0;
      counts.comparisons += 1;
      if (comparesAll) checkSums(database);
      compareWithTruth({
        database,
        facts,
        apis: scenario.world.apis ?? ['backlinks'],
        now: service.now(),
        serverTimeOf: (wall) => toServer(setup.machine.elapsedAt(wall)),
        walkStarts,
        metadataEdge: service.windowEdge('metadata') + NARROWER_MS,
        sinceCall: comparesAll ? null : comparedCall,
      });
      comparedCall = database.prepare<[], number>('select max(id) from call').pluck().get() ?? null;
    } finally {
      database.exec('rollback');
    }
    await Promise.resolve();
  };
  const verify = async () => {
    const report = await host.reader().verify({ reread: 0, onProgress: () => undefined }, new AbortController().signal);
    claim(report.ok, () => `verify finds problems: ${JSON.stringify(report.problems.slice(0, 5))}`);
  };
  const verifyNowAndThen = async () => {
    const database = open();
    since.verify -= 1;
    if (since.verify >= 0 || database === null || !isBorn(database)) return;
    since.verify = Math.max(VERIFY_EVERY, counts.tasks / TASKS_A_VERIFICATION);
    await verify();
  };

  return {
    lastHappenings: () => happenings,
    note: (what) => {
      met.add(what.kind);
      happenings.push(`${what.kind} (${(timeline.elapsed() / DAY_MS).toFixed(2)})`);
      if (happenings.length > 8) happenings.shift();
      if (what.kind === 'faults') for (const { fault } of what.faults) faultsMet.add(fault);
    },
    step: () => {
      claim(setup.most() <= setup.terms.calls, () => `The server saw ${setup.most()} calls within one period.`);
      if (timeline.elapsed() - lastLook.at < HOUR_MS) return;
      const database = open();
      if (database === null || !isBorn(database)) return;
      lastLook = { ...lastLook, at: timeline.elapsed() };
      checkSilence();
      look(database, true);
      const tailMs = longestPauseMs(scenario.settings[1]['LEDGER_TAIL_CRON'] ?? '* * * * *');
      const calmMs = timeline.elapsed() - troubles.calmSince();
      thrift.look(database, {
        elapsed: timeline.elapsed(),
        calmMs,
        newest: service.now() - 2 * tailMs - 10 * MINUTE_MS,
      });
    },
    compare: () => whole(host.isAlive()),
    afterCrash: async () => {
      counts.crashes += 1;
      await whole(false);
      await verifyNowAndThen();
    },
    afterStop: async () => {
      counts.stops += 1;
      await whole(false);
      await verifyNowAndThen();
    },
    atRest: async () => {
      await whole(true, true);
      const database = open();
      claim(database !== null, () => 'There is no ledger.');
      if (database !== null) claimAllRead(setup, facts, database);
    },
    verify,
    report: () => ({
      ...counts,
      days: Math.round(timeline.elapsed() / DAY_MS),
      calls: service.stats().calls,
      mostInAnyPeriod: setup.most(),
    }),
  };
}

function isKnown(database: Database.Database, api: string): boolean {
  const frontier = database.prepare('select 1 from frontier join api on api.id = frontier.api where api.name = ?');
  return frontier.get(api) !== undefined;
}
