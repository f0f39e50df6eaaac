// Bundles src into dist, in a second or two; `npm run check` looks at the types. Plain JavaScript without a static import of
// anything that is installed, so that an old Node or an installation that failed is told in a sentence.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';

const LEAST_NODE = 24;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const SRC = join(ROOT, 'src');
const WEB = join(SRC, 'web');
/** What package.json names as the command. */
const ENTRY = join(DIST, 'main.js');
/** All but the entry lie one folder down, as they do in src: `../../migrations/` is the same from both. */
const PROGRAM = {
  input: {
    main: join(SRC, 'main.ts'),
    thread: join(SRC, 'http', 'reader', 'thread.ts'),
    'upgrade-process': join(SRC, 'ledger', 'upgrade-process.ts'),
    'health-process': join(SRC, 'ledger', 'health-process.ts'),
  },
  platform: 'node',
  // It has a native part, which it looks for beside itself.
  external: ['better-sqlite3'],
  output: {
    dir: DIST,
    sourcemap: true,
    entryFileNames: ({ name }) => (name === 'main' ? 'main.js' : 'program/[name].js'),
    chunkFileNames: 'program/[name].js',
  },
};
const PAGES = {
  input: Object.fromEntries(['theme', 'status', 'tasks', 'reports'].map((name) => [name, join(WEB, `${name}.ts`)])),
  platform: 'browser',
  // Fetched by its own address, which the browser keeps.
  external: ['uplot'],
  output: {
    dir: join(DIST, 'web'),
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    paths: { uplot: './vendor/uplot.js' },
  },
};

const trouble = troubleOf();
if (trouble === null) await build();
else fail(trouble);

function troubleOf() {
  if (Number(process.versions.node.split('.')[0]) < LEAST_NODE) return oldNode();
  if (existsSync(join(ROOT, 'node_modules', 'rolldown'))) return null;
  return 'The packages are not installed, or not all of them: run `npm ci` and look at how it ends.';
}

function oldNode() {
  const lead = `dataforseo-ledger needs Node ${LEAST_NODE} or later, this is ${process.versions.node}`;
  const folder = join('node_modules', `node-${process.platform}-${process.arch}`, 'bin');
  if (existsSync(join(ROOT, folder, 'node')))
    return `${lead}. npm has installed one without linking it; put it first: export PATH="$PWD/${folder}:$PATH"`;
  return `${lead}. On Linux with x64 or arm64 \`npm ci\` brings one along, unless it fails or leaves out optional packages; elsewhere install it from https://nodejs.org.`;
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}

async function build() {
  const { rolldown } = await import('rolldown');
  const made = new Map();
  try {
    if (existsSync(join(SRC, 'main.ts'))) await bundle(rolldown, PROGRAM, made);
    if (existsSync(WEB)) await bundle(rolldown, PAGES, made);
  } catch (error) {
    fail(error instanceof Error ? error.message.trimEnd() : String(error));
    return;
  }
  for (const [path, text] of existsSync(WEB) ? webFiles() : []) made.set(path, text);
  for (const [path, text] of made) put(path, text);
  // A file that was renamed in src must not live on in dist.
  for (const path of filesIn(DIST)) if (!made.has(path)) rmSync(path, { force: true });
}

/** Puts what a target needs into as few files as it has entries and parts in common: a start reads ten files instead of nine hundred. */
async function bundle(rolldown, { input, output, ...options }, made) {
  const onLog = (level, log) => {
    // Of the libraries' own manners nothing follows for us; what cannot be found is an error, and thrown.
    if (level === 'warn' && !log.message.includes('node_modules')) fail(log.message);
  };
  const bundler = await rolldown({ input: existing(input), onLog, ...options });
  try {
    const { output: files } = await bundler.generate({ format: 'esm', ...output });
    for (const file of files)
      made.set(join(output.dir, file.fileName), file.type === 'chunk' ? file.code : String(file.source));
  } finally {
    await bundler.close();
  }
}

function existing(input) {
  return Object.fromEntries(Object.entries(input).filter(([, path]) => existsSync(path)));
}

/** The pages as they are, and the one library that they use: nothing is fetched from elsewhere. */
function webFiles() {
  const uplot = join(ROOT, 'node_modules', 'uplot', 'dist');
  const own = readdirSync(WEB).filter((name) => /\.(html|css|svg)$/.test(name));
  return [
    ...own.map((name) => [join(DIST, 'web', name), readFileSync(join(WEB, name), 'utf8')]),
    [join(DIST, 'web', 'vendor', 'uplot.js'), readFileSync(join(uplot, 'uPlot.esm.js'), 'utf8')],
    [join(DIST, 'web', 'vendor', 'uplot.css'), readFileSync(join(uplot, 'uPlot.min.css'), 'utf8')],
  ];
}

/** A process may be running from dist: what stays the same is not touched, what changes is replaced whole. */
function put(path, text) {
  const mode = path === ENTRY ? 0o755 : 0o644;
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    const beside = `${path}.${process.pid}.tmp`;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(beside, text);
    renameSync(beside, path);
  }
  // npm makes the command executable only when it links it for the first time.
  chmodSync(path, mode);
}

function filesIn(folder) {
  return (
    readdirSync(folder, { withFileTypes: true, recursive: true })
      // Another build may be about to put its own in place.
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
      .map((entry) => join(entry.parentPath, entry.name))
  );
}
