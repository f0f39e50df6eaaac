import { cpus, totalmem } from 'node:os';
import { benchCalls } from './calls.ts';
import { isMet, line, type Figure } from './figure.ts';
import { benchShare } from './share.ts';
import { benchVolume } from './volume.ts';

const BENCHES: Readonly<Record<string, (isQuick: boolean) => AsyncIterable<Figure>>> = {
  calls: benchCalls,
  share: benchShare,
  volume: benchVolume,
};

const USAGE = `npm run bench [-- --quick] [-- --only ${Object.keys(BENCHES).join('|')}]`;

/** Measures what docs/performance.md tells, each figure beside its target. Exits with 1 where one falls short. */
async function main(args: readonly string[]): Promise<number> {
  const isQuick = args.includes('--quick');
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined;
  const chosen = Object.entries(BENCHES).filter(([name]) => only === undefined || only === name);
  if (chosen.length === 0) {
    console.error(USAGE);
    return 2;
  }
  const [cpu] = cpus();
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  );
  let short = 0;
  for (const [name, bench] of chosen) {
    console.log(`\n${name}`);
    for await (const figure of bench(isQuick)) {
      console.log(line(figure));
      if (!isMet(figure)) short += 1;
    }
  }
  console.log(short === 0 ? '\nEvery target is met.' : `\n${short} of the figures fall short.`);
  return short === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
