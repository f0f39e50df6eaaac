import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createSecret } from '../src/config/secret.ts';
import { DataForSeoError, LedgerError } from '../src/domain/errors.ts';
import { createLogger, createScrub, quieter, type LogLevel } from '../src/log.ts';

const PASSWORD = 'p4ss "w\\rd/ü+=';
const BASIC = Buffer.from(`me:${PASSWORD}`).toString('base64');

function capture({ level = 'trace', secrets = [PASSWORD, BASIC] }: { level?: LogLevel; secrets?: string[] } = {}) {
  const lines: string[] = [];
  const log = createLogger({ level, secrets, destination: { write: (line) => void lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

describe('the log', () => {
  it('is one JSON object a line with its level in words and its time in UTC', () => {
    const { log, lines, last } = capture();
    log.info({ calls: 3 }, 'slice read');
    expect(lines).toHaveLength(1);
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      calls: 3,
      msg: 'slice read',
    });
  });

  it('tells of an error its name, code, message, hint and status, and of its causes the same', () => {
    const { log, last } = capture();
    const cause = Object.assign(new TypeError('fetch failed'), { code: 'ECONNRESET', request: { body: 'a' } });
    const details = { statusCode: 40100, httpStatus: 401, hint: 'check the password', cause, headers: 'b' };
    log.error({ err: new DataForSeoError('account_refused', 'not authorised', details) }, 'refused');
    expect(last()['err']).toEqual({
      name: 'DataForSeoError',
      code: 'account_refused',
      hint: 'check the password',
      statusCode: 40100,
      httpStatus: 401,
      message: 'not authorised',
      cause: { name: 'TypeError', code: 'ECONNRESET', message: 'fetch failed' },
    });
  });

  it('knows errors under any name, and bare ones', () => {
    const { log, last } = capture();
    log.warn({ why: new LedgerError('held', 'busy', { hint: 'wait' }) }, 'no');
    expect(last()['why']).toEqual({ name: 'LedgerError', code: 'held', hint: 'wait', message: 'busy' });
    log.warn(new Error('bare'));
    expect(last()['err']).toEqual({ name: 'Error', message: 'bare' });
  });

  it('ends a chain of causes and a long message', () => {
    const { log, lines, last } = capture();
    const error = new Error('x'.repeat(10_000));
    error.cause = error;
    log.error({ err: error }, 'loop');
    expect(lines.at(-1)?.length).toBeLessThan(5_000);
    expect(last()['err']).toHaveProperty('cause.cause.cause.cause.cause');
  });

  it('shows a secret in no form', () => {
    const { log, lines } = capture();
    const forms = [
      PASSWORD,
      BASIC,
      encodeURIComponent(PASSWORD),
      encodeURIComponent(BASIC),
      encodeURIComponent(PASSWORD).toLowerCase(),
      encodeURIComponent(PASSWORD).replaceAll('%20', '+'),
      JSON.stringify({ password: PASSWORD }),
      JSON.stringify(JSON.stringify({ password: PASSWORD })),
      Buffer.from(PASSWORD).toString('base64'),
    ];
    for (const form of forms) {
      log.error(
        { err: new Error(`a ${form} b`, { cause: new Error(form) }), deep: { [form]: [form] } },
        `said ${form}`,
      );
      log.child({ form }).info('child');
    }
    log.info({ secret: createSecret(PASSWORD) }, 'wrapped');
    for (const line of lines) {
      expect(() => JSON.parse(line) as unknown).not.toThrow();
      for (const form of [...forms, 'p4ss']) expect(line).not.toContain(form);
    }
  });

  it('stays JSON whatever the secret is', () => {
    for (const secret of ['info', '"', '{', ':', 'msg', 'level', ',"', '\\']) {
      const { log, last } = capture({ secrets: [secret] });
      log.info({ text: `a ${secret} b` }, 'message');
      expect(last()['text']).toBe('a [secret] b');
    }
  });

  it('masks a short secret at the beginning of a line of a text', () => {
    const { log, last } = capture({ secrets: ['ab'] });
    log.info({ text: 'first\nab\u0007ab' }, 'message');
    expect(last()['text']).toBe('first\n[secret]\u0007[secret]');
  });

  it('goes to standard error at once', () => {
    const code = `import { createLogger } from './src/log.ts';
      createLogger({ level: 'info', secrets: [] }).info('last words'); process.kill(process.pid, 'SIGKILL');`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(stderr).toContain('last words');
  });

  it('can be made quieter, not louder', () => {
    expect(quieter('info', 'warn')).toBe('warn');
    expect(quieter('trace', 'warn')).toBe('warn');
    expect(quieter('error', 'warn')).toBe('error');
    expect(quieter('silent', 'warn')).toBe('silent');
  });
});

describe('a scrub', () => {
  it('knows a secret in whatever way it is written back', () => {
    const secret = 'Pä/s"s Wörd&1';
    const json = (text: string) => JSON.stringify(text).slice(1, -1);
    const written = [
      encodeURIComponent(secret).toLowerCase(),
      new URLSearchParams({ x: secret }).toString().slice(2),
      json(secret).replaceAll('/', String.raw`\/`),
      json(json(json(secret))),
      String.raw`P\u00e4/s\"s W\u00f6rd&1`,
      'Pä/s&quot;s Wörd&amp;1',
      Buffer.from(secret).toString('base64'),
    ];
    // Lowered it is another word than the secret, but for what an address escapes.
    const scrub = createScrub([secret, secret.toLowerCase()]);
    for (const text of written)
      expect([text, scrub(`<${text}>`)]).toEqual([text, expect.stringMatching(/^<\[[^\]]*\]>$/)]);
  });

  it('takes the longest form first', () => {
    expect(createScrub(['abc', 'abcdef'])('x abcdef y abc')).toBe('x [secret] y [secret]');
  });

  it('masks a secret inside a word too, however short it is', () => {
    expect(createScrub(['secret'])('asecretb secrets')).toBe('a[secret]b [secret]s');
    expect(createScrub(['ab12c'])('xab12cy, ab12c_d')).toBe('x[secret]y, [secret]_d');
    expect(createScrub(['ab12c'])(String.raw`\u001b[31mab12c`)).toBe(String.raw`\u001b[31m[secret]`);
    expect(createScrub(['q'])('quite unique')).toBe('[secret]uite uni[secret]ue');
  });

  it('masks one that means something to a pattern', () => {
    for (const secret of ['.', '$&', 'a.b', '(x', '[', '^|', '-', '/'])
      expect(createScrub([secret])(`x ${secret} axb`)).toBe('x [secret] axb');
  });

  it('masks a short password where it is quoted with its login', () => {
    const scrub = createScrub(['me:pw', Buffer.from('me:pw').toString('base64'), 'pw']);
    expect(scrub(`Basic ${Buffer.from('me:pw').toString('base64')}, me:pw, pw, pwd`)).toBe(
      'Basic [secret], [secret], [secret], [secret]d',
    );
  });

  it('ignores an empty secret', () => {
    expect(createScrub([''])('text')).toBe('text');
  });
});
