import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A mistake put into a copy of the code on purpose, and a run that must find it. */
type Fault = {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly also?: { readonly from: string; readonly to: string };
  readonly seed: number;
  readonly days: number;
};

const FAULTS: readonly Fault[] = [
  {
    name: 'what a task is like is not kept where its metadata comes at once',
    file: 'src/ledger/tasks.ts',
    from: 'liken(n, endpoint, task.metadata);',
    to: 'if (task.metadata === null) liken(n, endpoint, task.metadata);',
    seed: 3,
    days: 1,
  },
  {
    name: 'a sum by target keeps what a refund has taken',
    file: 'src/ledger/sums.ts',
    from: 'delta.micros += sign * (summand.costMicros ?? 0);',
    to: "delta.micros += (table === 'target_cost' ? Math.max(sign, 0) : sign) * (summand.costMicros ?? 0);",
    seed: 3,
    days: 1,
  },
  {
    name: 'the guess of the time at a start may lie before what has been read',
    file: 'src/dataforseo/server-clock.ts',
    from: 'leastAt + (mono - begunMono)',
    to: '0 * leastAt * begunMono',
    seed: 963,
    days: 1,
  },
  {
    name: 'a token comes back half a period early',
    file: 'src/dataforseo/token-pool.ts',
    from: 'comeBack(tokenBackAt(terms, call, isTrusted(state, mono())))',
    to: 'comeBack(tokenBackAt(terms, call, isTrusted(state, mono())) - terms.periodMs / 2)',
    seed: 14,
    days: 1,
  },
  {
    name: 'a call without an answer, and so each retry of it, costs no token',
    file: 'src/dataforseo/token-pool.ts',
    from: 'failed: (closedMono) => end(() => comeBack(tokenBackAfterFailure(terms, closedMono)))',
    to: 'failed: (closedMono) => end(() => comeBack(Math.min(tokenBackAfterFailure(terms, closedMono), -Infinity)))',
    seed: 31,
    days: 1,
  },
  {
    name: 'a process forgets what the one before it has used of the budget',
    file: 'src/app/past-calls.ts',
    from: 'return after;',
    to: 'return after.slice(0, 0);',
    seed: 45,
    days: 1,
  },
  {
    name: 'what a walk that was given up has not read counts as read',
    file: 'src/ledger/conclude-walk.ts',
    from: 'rooms.walks.giveUp(walk.id, atLeast, circumstances.now);',
    to: 'rooms.coverage.cover(rooms.dictionary.api(walk.api), walk.range, { walkId: walk.id, grade: walk.grade, readAt: circumstances.now, settledBefore: 0 }); rooms.walks.giveUp(walk.id, atLeast, circumstances.now);',
    seed: 8,
    days: 1,
  },
  {
    name: 'a range is never read again once it has settled',
    file: 'src/harvest/upkeep-work.ts',
    from: 'restPeriods: 0, find: settling }',
    to: 'restPeriods: 0, find: () => null }',
    seed: 14,
    days: 1,
  },
  {
    name: 'a loss is not recorded',
    file: 'src/ledger/frontiers.ts',
    from: 'for (const loss of lost) rooms.coverage.lose(api, { ...loss, lostAt: now });',
    to: '',
    seed: 15,
    days: 1,
  },
  {
    name: 'the beginning of a walk moves while it is read',
    file: 'src/harvest/walk-slice.ts',
    from: 'return { walkId: walk.id, api, purpose, range, grade,',
    to: 'return { walkId: walk.id, api, purpose, range: { ...range, since: range.since + walk.reading.pages * 3_600_000 }, grade,',
    seed: 3,
    days: 1,
  },
  {
    name: 'a reading without metadata clears what was known of it',
    file: 'src/domain/merge-task.ts',
    from: 'const { metadata, tag, target } = known;',
    to: 'const { metadata, tag, target } = listed;',
    seed: 38,
    days: 1,
  },
  {
    name: 'a refund does not replace the cost',
    file: 'src/domain/merge-task.ts',
    from: 'costMicros: listed.costMicros ?? known.costMicros,',
    to: 'costMicros: known.costMicros === 0 ? listed.costMicros : (known.costMicros ?? listed.costMicros),',
    seed: 38,
    days: 1,
  },
  {
    name: 'a page and its progress are many transactions',
    file: 'src/ledger/compose.ts',
    from: 'return inWords((...args) => atomic.immediate(...args));',
    to: 'return inWords((...args) => (args.length > 99 ? atomic(...args) : work(...args)));',
    seed: 45,
    days: 1,
  },
  {
    name: 'the sums keep what a task was before it changed',
    file: 'src/ledger/tasks.ts',
    from: 'sums.remove({ ...known, ...fixed });',
    to: '',
    seed: 3,
    days: 1,
  },
  {
    name: 'a walk goes on after a crash a page too far, and nobody looks whether it fits',
    file: 'src/domain/evidence.ts',
    from: 'const linked = before.pages === 0 || page.rows[0]?.key === before.link;',
    to: 'const linked = before.pages === 0 || page.resumed || page.rows[0]?.key === before.link;',
    also: {
      from: 'nextOffset: before.nextOffset + page.rows.length - OVERLAP,',
      to: 'nextOffset: before.nextOffset + page.rows.length - OVERLAP + (page.resumed ? 200 : 0),',
    },
    seed: 45,
    days: 1,
  },
];

const ROOT = join(import.meta.dirname, '..');
const COPIED = ['src', 'soak', 'migrations', 'config', 'package.json'];

/** @returns The first line of what the run says of the fault; null where it passes all the same. */
function caught({ file, from, to, also, seed, days }: Fault): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-fault-'));
  try {
    for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    let text = readFileSync(join(folder, file), 'utf8');
    for (const change of [{ from, to }, ...(also === undefined ? [] : [also])]) {
      if (!text.includes(change.from))
        throw new Error(`${file} has no longer "${change.from}": the fault must be put in anew.`);
      text = text.replace(change.from, change.to);
    }
    writeFileSync(join(folder, file), text);
    const args = ['soak/main.ts', '--seed', String(seed), '--days', String(days), '--quiet'];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    const lines = stderr.split('\n').filter((line) => line !== '');
    return status === 0 ? null : (lines[1] ?? `exit code ${String(status)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts one fault after the other into a copy of the code. Exits with 1 where a run does not see one. */
function main(args: readonly string[]): number {
  const chosen = FAULTS.filter(({ name }) => args.length === 0 || args.some((part) => name.includes(part)));
  let missed = 0;
  for (const fault of chosen) {
    const words = caught(fault);
    if (words === null) missed += 1;
    console.log(`${words === null ? 'NOT SEEN' : 'seen'}: ${fault.name} (seed ${fault.seed}, ${fault.days} days)`);
    if (words !== null) console.log(`      ${words.slice(0, 300)}`);
  }
  console.log(missed === 0 ? 'Every fault was seen.' : `${missed} faults were not seen.`);
  return missed === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
