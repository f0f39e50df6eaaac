import { cpus, totalmem } from 'node:os';
import { benchCalls } from './calls.ts';
import { isMet, line, type BenchPlan, type Figure } from './figure.ts';
import { benchShare } from './share.ts';
import { benchVolume } from './volume.ts';

const BENCHES: Readonly<Record<string, (plan: BenchPlan) => AsyncIterable<Figure>>> = {
  calls: benchCalls,
  share: benchShare,
  volume: benchVolume,
};

const USAGE = `npm run bench [-- ${Object.keys(BENCHES).join('|')} …] [--quick] [--like TEXT]`;

/** Measures what docs/performance.md tells, each figure beside its target. Exits with 1 where one falls short. */
async function main(args: readonly string[]): Promise<number> {
  const like = args.includes('--like') ? (args[args.indexOf('--like') + 1] ?? '') : '';
  const names = args.filter((arg, at) => !arg.startsWith('--') && args[at - 1] !== '--like');
  if (names.some((name) => !(name in BENCHES))) {
    console.error(USAGE);
    return 2;
  }
  const plan = { isQuick: args.includes('--quick'), wants: (what: string) => what.includes(like) };
  const chosen = Object.entries(BENCHES).filter(([name]) => names.length === 0 || names.includes(name));
  const [cpu] = cpus();
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  );
  let short = 0;
  for (const [name, bench] of chosen) {
    console.log(`\n${name}`);
    for await (const figure of bench(plan)) {
      console.log(line(figure));
      if (!isMet(figure)) short += 1;
    }
  }
  console.log(short === 0 ? '\nEvery target is met.' : `\n${short} of the figures fall short.`);
  return short === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
