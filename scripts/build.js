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
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (found) => report(ts, [found]) };
  const config = ts.getParsedCommandLineOfConfigFile(join(ROOT, 'tsconfig.build.json'), {}, host);
  if (config === undefined) return;
  const program = ts.createProgram(config.fileNames, config.options);
  const found = [...config.errors, ...ts.getPreEmitDiagnostics(program)];
  if (found.length > 0) {
    report(ts, found);
    return;
  }
  const made = new Set();
  program.emit(undefined, (path, text) => {
    made.add(resolve(path));
    put(resolve(path), text);
  });
  // A file that was renamed in src must not live on in dist.
  for (const path of filesIn(DIST)) if (!made.has(path)) rmSync(path, { force: true });
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
