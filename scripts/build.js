// Compiles src into dist. Plain JavaScript without a static import of anything that is installed, so that an old Node or an
// installation that failed is told in a sentence.
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
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';

const LEAST_NODE = 24;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const WEB = join(ROOT, 'src', 'web');
/** What package.json names as the command. */
const ENTRY = join(DIST, 'main.js');

const trouble = troubleOf();
if (trouble === null) await build();
else fail(trouble);

function troubleOf() {
  if (Number(process.versions.node.split('.')[0]) < LEAST_NODE) return oldNode();
  if (existsSync(join(ROOT, 'node_modules', 'typescript'))) return null;
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
  const { default: ts } = await import('typescript');
  const program = compiled(ts, join(ROOT, 'tsconfig.build.json'));
  const web = existsSync(WEB) ? compiled(ts, join(WEB, 'tsconfig.json')) : [];
  if (program === null || web === null) return;
  const made = new Set();
  const files = [...program, ...web.filter(([path]) => path.startsWith(join(DIST, 'web')))];
  for (const [path, text] of [...files, ...(existsSync(WEB) ? webFiles() : [])]) {
    made.add(path);
    put(path, text);
  }
  // A file that was renamed in src must not live on in dist.
  for (const path of filesIn(DIST)) if (!made.has(path)) rmSync(path, { force: true });
}

/** What the compiler makes of a project; null, and it is said, where something is wrong. */
function compiled(ts, project) {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (found) => report(ts, [found]) };
  const config = ts.getParsedCommandLineOfConfigFile(project, {}, host);
  if (config === undefined) return null;
  const program = ts.createProgram(config.fileNames, config.options);
  const found = [...config.errors, ...ts.getPreEmitDiagnostics(program)];
  if (found.length > 0) {
    report(ts, found);
    return null;
  }
  const files = [];
  program.emit(undefined, (path, text) => files.push([resolve(path), forBrowser(path, text)]));
  return files;
}

/** A browser finds modules by their address alone. */
function forBrowser(path, text) {
  return resolve(path).startsWith(join(DIST, 'web'))
    ? text.replace(`from 'uplot';`, `from './vendor/uplot.js';`)
    : text;
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

function report(ts, found) {
  const host = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => ROOT, getNewLine: () => '\n' };
  fail(ts.formatDiagnostics(found, host).trimEnd());
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
