import { describe, expect, it } from 'vitest';
import type { Harvest } from '../../src/harvest/harvester.ts';
import type { Scene } from '../../src/harvest/scene.ts';
import { createUpkeepWork } from '../../src/harvest/upkeep-work.ts';
import { asRow, begunLedger, DAY, HOUR, listed, NOW, PENDING, readSlice, sliceOf } from '../support/ledger.ts';

const MINUTE = 60_000;
const seconds = (ms: number) => ms / 1000;

/** What is read again by a daemon with nothing else to do, whose every reading fails; a look each ten minutes. */
type Terms = { readonly limit?: number; readonly isFolded?: () => boolean };
function looksAt(
  ledger: ReturnType<typeof begunLedger>['ledger'],
  now: number,
  { limit = 1000, isFolded = () => true }: Terms = {},
) {
  let mono = 0;
  const policy = { tokens: 10, periodMs: MINUTE, limit, apis: ['backlinks'], lanes: 4, lagMs: 30_000, settleMs: HOUR };
  const clock = { monotonic: () => mono, boot: 'boot-1' };
  const work = createUpkeepWork({ deps: { clock, policy, ledger } } as unknown as Harvest, {
    tailNeed: () => 1,
    isFolded,
  });
  const picture = ledger.picture('backlinks');
  const scene = { now, upper: now - 30_000, healthy: [picture], inFlight: [], backlogWaits: false };
  return () => {
    mono += 11 * MINUTE;
    const starts = work.choose(scene as unknown as Scene, 3);
    return starts.flatMap((start) =>
      start.kind === 'begin' ? [{ purpose: start.plan.purpose, ...start.plan.range }] : [],
    );
  };
}

const settled = (at: number) => ({ at: { now: at }, answer: { serverDate: at } });

describe('what is read again', () => {
  it('of more APIs than there are lanes has its turn by API, whatever is due of those that come first in the settings', () => {
    const { ledger } = begunLedger();
    readSlice(
      ledger,
      sliceOf(NOW - 3 * HOUR, NOW - 2 * HOUR),
      [asRow(listed('a', NOW - 3 * HOUR))],
      settled(NOW - 2 * HOUR),
    );
    let mono = 0;
    const apis = ['backlinks', 'serp', 'on_page'];
    const policy = { tokens: 10, periodMs: MINUTE, limit: 1000, apis, lanes: 4, lagMs: 30_000, settleMs: HOUR };
    const clock = { monotonic: () => mono, boot: 'boot-1' };
    const work = createUpkeepWork({ deps: { clock, policy, ledger } } as unknown as Harvest, {
      tailNeed: () => 1,
      isFolded: () => true,
    });
    // Due again at each look: nobody reads it.
    const healthy = apis.map((api) => ({ ...ledger.picture('backlinks'), api }));
    const scene = { now: NOW, upper: NOW - 30_000, healthy, inFlight: [], backlogWaits: false };
    const turns = Array.from({ length: 4 }, () => {
      mono += 1_000;
      return work
        .choose(scene as unknown as Scene, 1)
        .map((start) => (start.kind === 'begin' ? start.plan.api : ''))[0];
    });
    expect(turns).toEqual([...apis, 'backlinks']);
  });

  it('is proven anew in a round: old evidence that cannot be read does not keep the other from it', () => {
    const { ledger } = begunLedger();
    const slices = [NOW - 9 * DAY, NOW - 6 * DAY, NOW - 3 * DAY].map((since) => sliceOf(since, since + HOUR));
    for (const [n, plan] of slices.entries())
      readSlice(ledger, plan, [asRow(listed(`t${n}`, plan.range.since))], settled(plan.range.until + 2 * HOUR));
    const later = NOW + 40 * DAY;
    // What lies between is much younger evidence, so that each is a slice of its own.
    for (const { range } of slices)
      readSlice(ledger, sliceOf(range.until, range.until + DAY, { grade: 'ids' }), [], settled(later - HOUR));
    const look = looksAt(ledger, later);
    const rounds = Array.from({ length: 4 }, () => look().map(({ since }) => since)[0]);
    const [a, b, c] = slices.map(({ range }) => range.since);
    expect(rounds).toEqual([a, b, c, a]);
  });

  it('is not proven anew before the journal is folded, for by ids alone it holds on to every call that read it before', () => {
    const { ledger } = begunLedger();
    const range = { since: NOW - 9 * DAY, until: NOW - 9 * DAY + HOUR };
    readSlice(ledger, sliceOf(range.since, range.until), [asRow(listed('t', range.since))], settled(NOW));
    let isFolded = false;
    const look = looksAt(ledger, NOW + 40 * DAY, { isFolded: () => isFolded });
    expect([...look(), ...look()]).toEqual([]);
    isFolded = true;
    expect(look()).toEqual([{ purpose: 'verify', ...range }]);
  });

  it('for tasks that have not finished has its turn in a round too', () => {
    const { ledger } = begunLedger();
    const since = NOW - 6 * HOUR;
    const pending = [since, since + 2 * HOUR, since + 4 * HOUR - 1_000];
    const others = Array.from({ length: 40 }, (_, n) => asRow(listed(`o${n}`, since + (n + 1) * 5 * MINUTE)));
    const rows = [...pending.map((at, n) => asRow(listed(`p${n}`, at, PENDING))), ...others];
    rows.sort((x, y) => (x.kind === 'task' && y.kind === 'task' ? x.task.postedAt - y.task.postedAt : 0));
    readSlice(ledger, sliceOf(since, since + 4 * HOUR), rows, settled(NOW));
    const look = looksAt(ledger, NOW + 7 * HOUR, { limit: 3 });
    const rounds = Array.from({ length: 4 }, () => look().map((range) => range.since)[0]);
    expect(rounds).toEqual([...pending, pending[0]]);
  });

  it('comes to the newest unfinished task also behind twenty thousand older ones that are not due', () => {
    const { ledger, exec } = begunLedger();
    const since = NOW - 2 * DAY;
    readSlice(ledger, sliceOf(since, since + DAY), [asRow(listed('first', since))], settled(NOW));
    const newest = NOW - 10 * HOUR;
    readSlice(
      ledger,
      sliceOf(since + DAY, NOW - 9 * HOUR),
      [asRow(listed('new', newest, PENDING))],
      settled(NOW - 7 * HOUR),
    );
    exec(`insert into task (id, api, url, posted_at, status, state, metadata_state, first_seen_at, changed_call)
      with recursive n (i) as (select 0 union all select i + 1 from n where i < 20999)
      select 'x' || i, (select min(id) from api), (select min(id) from url), ${seconds(since)} + i, (select min(id) from status),
        'pending', 'held', ${seconds(since)}, 0 from n`);
    const look = looksAt(ledger, NOW + MINUTE);
    const seen = [look(), look()].flat().filter(({ purpose }) => purpose === 'chase');
    expect(seen).toEqual([{ purpose: 'chase', since: newest, until: newest + 1_000 }]);
  });

  it('comes round to what has become due behind those twenty thousand', () => {
    const { ledger, exec } = begunLedger();
    const since = NOW - 2 * DAY;
    const [middle, newest] = [since + DAY, NOW - 10 * HOUR];
    readSlice(ledger, sliceOf(since, middle), [asRow(listed('first', since))], settled(NOW));
    readSlice(ledger, sliceOf(middle, middle + HOUR), [asRow(listed('mid', middle, PENDING))], settled(NOW));
    const last = sliceOf(middle + HOUR, NOW - 9 * HOUR);
    readSlice(ledger, last, [asRow(listed('new', newest, PENDING))], settled(NOW - 7 * HOUR));
    exec(`insert into task (id, api, url, posted_at, status, state, metadata_state, first_seen_at, changed_call)
      with recursive n (i) as (select 0 union all select i + 1 from n where i < 20999)
      select 'x' || i, (select min(id) from api), (select min(id) from url), ${seconds(since)} + i, (select min(id) from status),
        'pending', 'held', ${seconds(since)}, 0 from n`);
    const look = looksAt(ledger, NOW + MINUTE);
    const chased = (looks: number) =>
      Array.from({ length: looks }, look)
        .flat()
        .flatMap((range) => (range.purpose === 'chase' ? [range.since] : []));
    expect(chased(2)).toEqual([newest]);
    exec(`update walk set first_page_at = ${seconds(NOW)} where since = ${seconds(last.range.since)};
      update walk set first_page_at = ${seconds(NOW - 20 * HOUR)} where since = ${seconds(middle)}`);
    expect(chased(3)).toEqual([middle]);
  });
});
