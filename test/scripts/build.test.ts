import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

/** A clone with a source of its own: building this one would get in the way of whoever uses it. */
function clone({ installed }: { readonly installed: boolean }) {
  const folder = mkdtempSync(join(tmpdir(), 'build-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['scripts', 'package.json', 'tsconfig.json'])
    cpSync(name, join(folder, name), { recursive: true });
  if (installed) symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'src'));
  return folder;
}

function build(folder: string, preload = '') {
  const before = preload === '' ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
  return spawnSync(process.execPath, [...before, 'scripts/build.js'], { cwd: folder, encoding: 'utf8' });
}

const OLD = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.1' } })`;

describe('the build', () => {
  it('makes the command executable each time, keeps what stays the same, and leaves nothing of a renamed file', () => {
    const folder = clone({ installed: true });
    const main = join(folder, 'dist', 'main.js');
    writeFileSync(
      join(folder, 'src', 'main.ts'),
      `#!/usr/bin/env node\nconst { one } = await import('./one.ts');\nconsole.log(one);\n`,
    );
    writeFileSync(join(folder, 'src', 'one.ts'), 'export const one: number = 1;\n');
    expect(build(folder)).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const first = statSync(main);
    chmodSync(main, 0o644);
    writeFileSync(join(folder, 'dist', 'renamed.js'), '');
    writeFileSync(join(folder, 'src', 'one.ts'), 'export const one: number = 2;\n');
    const other = statSync(join(folder, 'dist', 'program', 'one.js'));
    expect(build(folder)).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const second = statSync(main);
    expect([second.mode & 0o777, second.ino, second.mtimeMs]).toEqual([0o755, first.ino, first.mtimeMs]);
    expect(statSync(join(folder, 'dist', 'program', 'one.js')).ino).not.toBe(other.ino);
    expect(statSync(join(folder, 'dist', 'renamed.js'), { throwIfNoEntry: false })).toBeUndefined();
    expect(spawnSync(main).status).toBe(0);
  }, 60_000);

  it.each([
    ['a word that is none', 'export const one: number = = 1;\n', 'src/main.ts:1:28'],
    ['a file that is not there', `import { one } from './one.ts';\nvoid one;\n`, './one.ts'],
    ['a name that is not exported', `import { one } from './main.ts';\nvoid one;\n`, '"one" is not exported'],
  ])(
    'fails with the place of what is wrong, %s, and leaves dist as it was',
    (_, text, place) => {
      const folder = clone({ installed: true });
      writeFileSync(join(folder, 'src', 'main.ts'), text);
      const { status, stderr } = build(folder);
      expect(status).toBe(1);
      expect(stderr).toContain(place);
      expect(statSync(join(folder, 'dist'), { throwIfNoEntry: false })).toBeUndefined();
    },
    60_000,
  );

  it('says in a sentence that the packages are not installed, or that Node is too old', () => {
    const folder = clone({ installed: false });
    expect(build(folder)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^The packages .* `npm ci`.*\n$/) as string,
    });
    expect(build(folder, OLD)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^dataforseo-ledger needs Node 24 or later, this is 20\.19\.1\..*\n$/) as string,
    });
    const bin = join('node_modules', `node-${process.platform}-${process.arch}`, 'bin');
    mkdirSync(join(folder, bin), { recursive: true });
    writeFileSync(join(folder, bin, 'node'), '');
    expect(build(folder, OLD).stderr).toContain(`export PATH="$PWD/${bin}:$PATH"`);
  });
});
