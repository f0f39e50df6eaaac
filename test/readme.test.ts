import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/cli/program.ts';
import { EXIT } from '../src/cli/exit-code.ts';
import { SETTINGS } from '../src/config/settings.ts';
import { openForWriting, type Db } from '../src/ledger/database.ts';
import { PLAN, SNAPSHOT } from './cli/fakes.ts';

const read = (path: string) => readFileSync(path, 'utf8');
const README = read('README.md');
const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...globSync('docs/**/*.md')];
const SOURCES = globSync('{src,test,scripts,migrations,config}/**/*.{ts,sql,yaml}').concat(
  'eslint.config.js',
  '.ci/run',
  'Dockerfile',
  ...globSync('{deploy,.github}/**/*.{yaml,yml,service}'),
);

/** What stands under a heading, up to the next one of any level. */
function section(page: string, heading: string): string {
  const lines = outsideCode(page).split('\n');
  const first = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (first === -1) throw new Error(`There is no heading "${heading}".`);
  const rest = lines.slice(first + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line));
  return rest.slice(0, end === -1 ? rest.length : end).join('\n');
}

/** Headings of a shell comment are none. */
function outsideCode(page: string): string {
  return page.replace(/^```[^\n]*\n[\s\S]*?^```$/gm, '');
}

function headings(page: string): string[] {
  return [...outsideCode(page).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => text);
}

/** As GitHub makes them. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** The cells of every table under a heading, without the heads. */
function cells(text: string, columns: number): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s:|-]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    )
    .filter((row) => row.length === columns && !/^(command|environment|exit code)$/.test(row[0] ?? ''));
}

function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

describe('the README', () => {
  it('lists every command as the program does', () => {
    expect(cells(section(README, 'Commands'), 2).filter(([name]) => !/^`\d+`$/.test(name ?? ''))).toEqual(
      COMMANDS.map(({ usage, summary }) => [`\`${usage}\``, summary]),
    );
  });

  it('names every field of the answers for scripts', () => {
    const named = codeIn(section(README, 'Answers for scripts'));
    const { coverage, tail, budget, backlog, ledger, disk, tasks } = SNAPSHOT;
    const groups = [
      SNAPSHOT,
      tasks,
      coverage['backlinks']!,
      tail['backlinks']!,
      budget,
      backlog,
      ledger,
      disk!,
      PLAN,
      PLAN.slices[0]!,
    ];
    const fields = groups.flatMap((group) => Object.keys(group));
    expect(fields.filter((field) => !named.includes(field))).toEqual([]);
  });

  it('lists every exit code', () => {
    const codes = cells(section(README, 'Commands'), 2).flatMap(([name]) => /^`(\d+)`$/.exec(name ?? '')?.[1] ?? []);
    expect(codes.map(Number)).toEqual(Object.values(EXIT));
  });

  it('lists every setting with its default and its meaning', () => {
    expect(cells(section(README, 'Settings'), 3)).toEqual(
      SETTINGS.map((setting) => [
        `\`${setting.env}\``,
        setting.default === null ? 'none' : `\`${setting.default}\``,
        setting.meaning,
      ]),
    );
  });

  it('names the commands for trying and testing that .ci/run and package.json know', () => {
    expect(README).toContain('npm ci && npm run demo');
    expect(README).toContain('npm ci && npm test');
    expect(read('.ci/run')).toContain("bash -c 'npm ci && npm run check && npm test'");
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = PAGES.flatMap((page) => [...read(page).matchAll(/npm run ([a-z:]+)/g)].map(([, name = '']) => name));
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

describe('the views', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dataforseo-ledger-readme-'));
  const path = join(folder, 'ledger.db');
  let database: Db;
  beforeAll(() => {
    database = openForWriting(path);
  });
  afterAll(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  const queries = [...README.matchAll(/^```sql\n([\s\S]*?)^```$/gm)].map(([, sql = '']) => sql);

  it('in the README are those of the ledger, column by column', () => {
    const names = database.prepare("select name from sqlite_schema where type = 'view' order by name").pluck().all();
    const inLedger = names.map((name) => [
      name,
      ...database.prepare('select name from pragma_table_info(?) order by cid').pluck().all(name),
    ]);
    const views = section(README, 'Views').split('\n\n')[1] ?? '';
    const inReadme = views.split(/\n(?=- )/).map(codeIn);
    expect(inReadme.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))).toEqual(inLedger);
  });

  it('answer each query of the README', () => {
    expect(queries.length).toBeGreaterThanOrEqual(6);
    for (const sql of queries) expect(() => database.prepare(sql).all(), sql).not.toThrow();
  });

  // Debian 12 has 3.40, the oldest that the views are made for.
  const shell = spawnSync('sqlite3', ['--version']);
  it.skipIf(shell.status !== 0)("answer in the machine's own sqlite3, read-only, beside the daemon", () => {
    for (const sql of queries) {
      const { status, stderr } = spawnSync('sqlite3', ['-readonly', path, sql], { encoding: 'utf8' });
      expect([status, stderr], sql).toEqual([0, '']);
    }
  });
});

describe('the documentation', () => {
  it('links only to what exists', () => {
    expect(
      inPages(/\]\(([^)\s]+)\)/g, (target, page) => target.startsWith('https://') || resolves(page, target)),
    ).toEqual([]);
  });

  it('names only files that exist', () => {
    const paths = /`((?:src|test|docs|migrations|scripts|config|deploy|\.ci)\/[\w./-]*)`/g;
    expect(inPages(paths, (path) => path.includes('NNNN') || existsSync(path))).toEqual([]);
  });

  it('names only settings that exist', () => {
    const known = [...SETTINGS.map(({ env }) => env), 'LEDGER_CONFIG', 'DATAFORSEO_USERNAME'];
    // `LEDGER_HTTP_…` is a group of them.
    const isKnown = (name: string) => known.some((it) => it === name || it.startsWith(`${name}_`));
    expect(inPages(/\b((?:LEDGER|DATAFORSEO)_[A-Z_]*[A-Z])\b/g, isKnown)).toEqual([]);
  });

  it('has every page that the code points to, with the heading that it names', () => {
    const broken = SOURCES.flatMap((source) =>
      [...read(source).matchAll(/\b(docs\/[\w/-]+\.md|README)\b(?:, "([^"]+)")?/g)]
        .filter(([, path = '', heading]) => !pointsToHeading(path, heading))
        .map(([reference]) => `${source}: ${reference}`),
    );
    expect(broken).toEqual([]);
  });

  it('proves each invariant by tests that exist', () => {
    const invariants = section(read('docs/architecture.md'), 'Invariants')
      .split(/\n(?=- \*\*I\d)/)
      .slice(1);
    expect(invariants.map((text) => /\*\*(I\d)/.exec(text)?.[1])).toEqual([
      'I1',
      'I2',
      'I3',
      'I4',
      'I5',
      'I6',
      'I7',
      'I8',
    ]);
    for (const text of invariants) {
      const cited = citedTests(text);
      expect(cited.length, text).toBeGreaterThan(0);
      expect(cited.filter(({ path, name }) => !existsSync(path) || !hasTest(path, name))).toEqual([]);
      expect(text).toMatch(/Kept by\s+`src\//);
    }
  });
});

/** Whatever matches in a page and is not right, with the page. */
function inPages(pattern: RegExp, isRight: (text: string, page: string) => boolean): string[] {
  return PAGES.flatMap((page) =>
    [...read(page).matchAll(pattern)]
      .filter(([, text = '']) => !isRight(text, page))
      .map(([, text = '']) => `${page}: ${text}`),
  );
}

/** Paths in links are seen from the page that holds them. */
function resolves(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(file)) return false;
  return anchor === undefined || headings(read(file)).map(anchorOf).includes(anchor);
}

/** `docs/endpoint.md, "Codes"` is true where a heading is "Codes" or goes on after it: "Codes, by what to do". */
function pointsToHeading(path: string, heading: string | undefined): boolean {
  const file = path === 'README' ? 'README.md' : path;
  if (!existsSync(file)) return false;
  return heading === undefined || headings(read(file)).some((it) => it === heading || it.startsWith(`${heading},`));
}

/** As it is written there: a path in code, a colon, names in quotation marks with commas between. */
function citedTests(text: string): { path: string; name: string }[] {
  const flat = text.replace(/\s+/g, ' ');
  return [...flat.matchAll(/`(test\/[\w./-]+)`: ((?:"[^"]+"(?:, )?)+)/g)].flatMap(([, path = '', names = '']) =>
    [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => ({ path, name })),
  );
}

function hasTest(path: string, name: string): boolean {
  const source = read(path);
  return [`'${name}'`, `"${name}"`, `\`${name}\``].some((quoted) => source.includes(quoted));
}
