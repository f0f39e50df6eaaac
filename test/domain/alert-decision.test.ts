import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideAlerts,
  type AlertKind,
  type AlertMemory,
  type Condition,
  type Notice,
} from '../../src/domain/alert-decision.ts';

const MINUTE = 60_000;
const START = Date.UTC(2024, 4, 15, 12);

function holds(kind: AlertKind, over: Partial<Condition> = {}): Condition {
  return { kind, api: null, severity: 1, muted: false, unsure: false, count: 0, ...over };
}

/** One look after the other; a restart in between keeps what the ledger keeps. */
function watcher(memory: readonly AlertMemory[] = []) {
  let known = memory;
  return {
    look: (at: number, ...conditions: Condition[]): string[] => {
      const decision = decideAlerts(conditions, known, START + at);
      known = decision.memory;
      return decision.notices.map(inShort);
    },
    restart: () => watcher(structuredClone(known)),
    memory: () => known,
  };
}

function inShort({ kind, api, status, severity, more }: Notice): string {
  return [kind, ...(api === null ? [] : [api]), status, severity, ...(more > 0 ? [`+${more}`] : [])].join(' ');
}

describe('a condition', () => {
  it('is told once it has held for long enough, and not again', () => {
    const { look } = watcher();
    const parked = holds('parked', { severity: 2 });
    expect(look(0, parked)).toEqual([]);
    expect(look(1.49 * MINUTE, parked)).toEqual([]);
    expect(look(1.5 * MINUTE, parked)).toEqual(['parked raised 2']);
    for (let at = 2; at < 300; at += 1) expect(look(at * MINUTE, parked)).toEqual([]);
  });

  it('is over once it has not held for long enough, and a return before that is no news', () => {
    const { look } = watcher();
    look(0, holds('behind', { api: 'serp' }));
    expect(look(2 * MINUTE, holds('behind', { api: 'serp' }))).toEqual(['behind serp raised 1']);
    expect(look(3 * MINUTE)).toEqual([]);
    expect(look(4 * MINUTE, holds('behind', { api: 'serp' }))).toEqual([]);
    expect(look(5 * MINUTE)).toEqual([]);
    expect(look(6.9 * MINUTE)).toEqual([]);
    expect(look(7 * MINUTE)).toEqual(['behind serp recovered 1']);
    expect(look(8 * MINUTE)).toEqual([]);
  });

  it('that ends before it was told never was', () => {
    const { look, memory } = watcher();
    look(0, holds('behind'));
    expect(look(1 * MINUTE)).toEqual([]);
    expect(look(3 * MINUTE)).toEqual([]);
    expect(memory()).toEqual([]);
  });

  it('that comes and goes by the look is told all the same', () => {
    const { look } = watcher();
    const told = [0, 1, 2, 3].flatMap((at) => look(at * MINUTE, ...(at % 2 === 0 ? [holds('parked')] : [])));
    expect(told).toEqual(['parked raised 1']);
  });

  it('that gets worse is told once more, and of one that gets better only the end', () => {
    const { look } = watcher();
    expect(look(0, holds('disk'))).toEqual(['disk raised 1']);
    expect(look(MINUTE, holds('disk', { severity: 2 }))).toEqual(['disk raised 2']);
    expect(look(2 * MINUTE, holds('disk'))).toEqual([]);
    expect(look(3 * MINUTE, holds('disk', { severity: 2 }))).toEqual([]);
    look(4 * MINUTE);
    expect(look(14 * MINUTE)).toEqual(['disk recovered 2']);
  });

  it('that another one explains is not told, but stays told and is no sooner over', () => {
    const quiet = holds('behind', { muted: true });
    const first = watcher();
    for (let at = 0; at < 20; at += 1) expect(first.look(at * MINUTE, quiet)).toEqual([]);
    expect(first.look(20 * MINUTE, holds('behind'))).toEqual([]);
    expect(first.look(22 * MINUTE, holds('behind'))).toEqual(['behind raised 1']);
    for (let at = 23; at < 40; at += 1) expect(first.look(at * MINUTE, quiet)).toEqual([]);
    first.look(40 * MINUTE);
    expect(first.look(42 * MINUTE)).toEqual(['behind recovered 1']);
  });

  it('of which nobody can tell whether it holds is neither told nor over', () => {
    const unsure = holds('disk', { unsure: true });
    const { look, memory } = watcher();
    expect(look(0, unsure)).toEqual([]);
    expect(memory()).toEqual([]);
    expect(look(MINUTE, holds('disk'))).toEqual(['disk raised 1']);
    const known = memory();
    for (let at = 2; at < 12; at += 1) expect(look(at * MINUTE, unsure)).toEqual([]);
    expect(memory()).toEqual(known);
    for (let at = 12; at < 600; at += 1) expect(look(at * MINUTE, unsure)).toEqual([]);
    expect(look(600 * MINUTE, holds('disk'))).toEqual([]);
    expect(look(601 * MINUTE)).toEqual([]);
    expect(look(611 * MINUTE)).toEqual(['disk recovered 1']);
  });

  it('of one API is none of another', () => {
    const { look } = watcher();
    look(0, holds('behind', { api: 'serp' }));
    look(2 * MINUTE, holds('behind', { api: 'serp' }), holds('behind', { api: 'backlinks' }));
    expect(look(4 * MINUTE, holds('behind', { api: 'serp' }), holds('behind', { api: 'backlinks' }))).toEqual([
      'behind backlinks raised 1',
    ]);
  });
});

describe('a restart', () => {
  it('repeats nothing and forgets no end', () => {
    const before = watcher();
    before.look(0, holds('parked'));
    expect(before.look(2 * MINUTE, holds('parked'))).toEqual(['parked raised 1']);
    const after = before.restart();
    expect(after.look(60 * MINUTE, holds('parked'))).toEqual([]);
    expect(after.look(61 * MINUTE)).toEqual([]);
    expect(after.look(66 * MINUTE)).toEqual(['parked recovered 1']);
  });

  it('in a loop does not keep a condition from being told', () => {
    let one = watcher();
    const told: string[] = [];
    for (let at = 0; at <= 4; at += 1) {
      told.push(...one.look((at * MINUTE) / 2, holds('behind')));
      one = one.restart();
    }
    expect(told).toEqual(['behind raised 1']);
  });

  it('after a night says nothing of the night: neither that it held, nor that it did not', () => {
    const before = watcher();
    before.look(0, holds('behind'));
    const after = before.restart();
    expect(after.look(600 * MINUTE, holds('behind'))).toEqual([]);
    expect(after.look(602 * MINUTE, holds('behind'))).toEqual(['behind raised 1']);
    after.look(603 * MINUTE);
    expect(after.restart().look(1200 * MINUTE)).toEqual([]);
  });
});

describe('doubts', () => {
  const of = (count: number) => holds('doubt', { count });

  it('are told at once, then together once an hour, and have no end', () => {
    const { look } = watcher();
    expect(look(0, of(3))).toEqual(['doubt raised 1 +3']);
    expect(look(1 * MINUTE, of(4))).toEqual([]);
    expect(look(59 * MINUTE, of(9))).toEqual([]);
    expect(look(60 * MINUTE, of(10))).toEqual(['doubt raised 1 +7']);
    for (let at = 61; at < 300; at += 1) expect(look(at * MINUTE, of(10))).toEqual([]);
  });

  it('are told once over restarts, however late', () => {
    const before = watcher();
    before.look(0, of(3));
    const after = before.restart();
    expect(after.look(6_000 * MINUTE, of(3))).toEqual([]);
    expect(after.look(6_001 * MINUTE, of(4))).toEqual(['doubt raised 1 +1']);
  });

  it('of a ledger that was put back to an older copy count from there', () => {
    const { look } = watcher();
    look(0, of(30));
    expect(look(90 * MINUTE, of(2))).toEqual([]);
    expect(look(91 * MINUTE, of(3))).toEqual(['doubt raised 1 +1']);
  });
});

describe('a clock that jumps', () => {
  it.each([-48 * 60, -30, 30, 48 * 60])('by %i minutes neither repeats nor loses what was told', (minutes) => {
    const { look } = watcher();
    look(0, holds('parked'));
    expect(look(2 * MINUTE, holds('parked'))).toEqual(['parked raised 1']);
    const then = (2 + minutes) * MINUTE;
    expect(look(then, holds('parked'))).toEqual([]);
    expect(look(then + MINUTE)).toEqual([]);
    expect(look(then + 6 * MINUTE)).toEqual(['parked recovered 1']);
  });
});

describe('whatever happens, and however often it restarts', () => {
  type Turn = {
    readonly holds: boolean;
    readonly worse: boolean;
    readonly minutes: number;
    readonly restarts: boolean;
  };
  const turn: fc.Arbitrary<Turn> = fc.record({
    holds: fc.boolean(),
    worse: fc.boolean(),
    minutes: fc.double({ min: 0.1, max: 6, noNaN: true }),
    restarts: fc.boolean(),
  });
  const turns = fc.array(turn, { minLength: 1, maxLength: 60 });
  const kind = fc.constantFrom<AlertKind>('parked', 'behind', 'loss_ahead', 'disk');

  function play(all: readonly Turn[], of: AlertKind, mayRestart: boolean) {
    let one = watcher();
    let at = 0;
    return all.map((each) => {
      at += each.minutes * MINUTE;
      if (each.restarts && mayRestart) one = one.restart();
      return { at, told: one.look(at, ...(each.holds ? [holds(of, { severity: each.worse ? 2 : 1 })] : [])) };
    });
  }

  it('onsets and ends take turns, and only what is worse is told in between', () => {
    fc.assert(
      fc.property(turns, kind, (all, of) => {
        let worst = 0;
        for (const text of play(all, of, true).flatMap(({ told }) => told)) {
          const severity = Number(text.at(-1));
          if (text.includes('recovered')) {
            expect(worst).toBeGreaterThan(0);
            worst = 0;
          } else {
            expect(severity).toBeGreaterThan(worst);
            worst = severity;
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('what lasts for half an hour is told, begun or ended, whichever it is', () => {
    const lasting = (held: boolean) =>
      Array.from({ length: 31 }, () => ({ holds: held, worse: false, minutes: 1, restarts: true }));
    fc.assert(
      fc.property(turns, kind, fc.boolean(), (all, of, held) => {
        const told = play([...all, ...lasting(held)], of, true).flatMap((look) => look.told);
        if (held) expect(told.at(-1) ?? '').toContain('raised');
        else expect(told.at(-1) ?? 'recovered').toContain('recovered');
      }),
      { numRuns: 200 },
    );
  });

  it('a restart changes nothing of what is told and when', () => {
    fc.assert(
      fc.property(turns, kind, (all, of) => {
        expect(play(all, of, true)).toEqual(play(all, of, false));
      }),
      { numRuns: 200 },
    );
  });
});
