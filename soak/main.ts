import { SoakFailure } from './failure.ts';
import { createLife, type LifeReport } from './life.ts';
import { liveMany } from './many.ts';
import { drawScenario } from './scenario.ts';

const USAGE = `npm run soak -- [--days DAYS] [--seeds HOW_MANY | --seed WHICH] [--quiet]`;
/** The real ones: a life takes the globals. */
const cpuMs = () => process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000;

type Wish = { readonly days: number; readonly seeds: readonly number[]; readonly isQuiet: boolean };

function readWish(args: readonly string[]): Wish | null {
  const numbers = new Map<string, number>();
  let isQuiet = false;
  for (let at = 0; at < args.length; at += 1) {
    const name = args[at] ?? '';
    if (name === '--quiet') isQuiet = true;
    else if (!['--days', '--seeds', '--seed'].includes(name)) return null;
    else {
      const value = Number(args[(at += 1)]);
      if (!Number.isInteger(value) || value < 1) return null;
      numbers.set(name, value);
    }
  }
  const one = numbers.get('--seed');
  const seeds = one === undefined ? Array.from({ length: numbers.get('--seeds') ?? 3 }, (_, at) => at + 1) : [one];
  return { days: numbers.get('--days') ?? 45, seeds, isQuiet };
}

/** Simulated months against the simulator's truth. Exits with 1 at the first difference, and says how to see it again. */
async function main(args: readonly string[]): Promise<number> {
  const wish = readWish(args);
  if (wish === null) {
    console.error(USAGE);
    return 2;
  }
  const [first, ...others] = wish.seeds;
  if (others.length === 0 && first !== undefined) return await liveOne(first, wish);
  // A process for each: a life takes the globals, and leaves what it has killed to the collector.
  const width = Math.max(...wish.seeds.map((seed) => String(seed).length));
  const lives = wish.seeds.map((seed) => {
    const own = ['--seed', String(seed), '--days', String(wish.days), ...(wish.isQuiet ? ['--quiet'] : [])];
    return { name: `${String(seed).padStart(width)} |`, command: [import.meta.filename, ...own] };
  });
  if (!(await liveMany(lives))) return 1;
  console.log(`${wish.seeds.length} seeds of ${wish.days} days have passed.`);
  return 0;
}

async function liveOne(seed: number, { days, isQuiet }: Wish): Promise<number> {
  const scenario = drawScenario(seed, days);
  console.log(`seed ${seed}: ${days} days, ${Object.values(scenario.settings[0]).join(', ')}`);
  const life = createLife(scenario);
  process.once('SIGTERM', () => {
    life.close();
    process.exit(1);
  });
  try {
    const report = await life.run((day) => {
      if (!isQuiet) console.log(`  ${life.moment()}  ${inWords(day, cpuMs())}`);
    });
    console.log(`seed ${seed}: passed. ${inWords(report, cpuMs())}`);
    return 0;
  } catch (error) {
    console.error(`\nseed ${seed} FAILED at ${life.moment()}, after ${life.lastHappenings().join(' · ')}`);
    console.error(error instanceof SoakFailure ? error.message : error);
    console.error(`\nlast words of the daemon:\n${life.logged().slice(-12).join('\n')}`);
    console.error(`\nonce more: npm run soak -- --seed ${seed} --days ${days}`);
    return 1;
  } finally {
    life.close();
  }
}

function inWords(report: LifeReport, spentMs: number): string {
  const { days, tasks, calls, crashes, stops, comparisons, mostInAnyPeriod, losses, doubts } = report;
  return [
    `${days} days`,
    `${tasks} tasks`,
    `${calls} calls`,
    `at most ${mostInAnyPeriod} in any period`,
    `${crashes} crashes`,
    `${stops} stops`,
    `${losses} losses`,
    `${doubts} doubts`,
    `compared ${comparisons} times`,
    `${(spentMs / 1_000).toFixed(1)} s`,
  ].join(', ');
}

process.exit(await main(process.argv.slice(2)));
