import { describe, expect, it } from 'vitest';
import { createQuote } from '../../src/dataforseo/secrets.ts';

const PASSWORD = 'correct-horse-battery-staple';
const quote = createQuote({ login: 'agency@example.com', password: PASSWORD });

describe('a quote of foreign text', () => {
  it('is one line of printable characters, without the credentials, of 300 characters at most', () => {
    expect(quote(`\n  said\t\0${PASSWORD}\r\nto agency@example.com  `)).toBe('said ***  to ***'.replace('  ', ' '));
    expect(quote('x'.repeat(1_000))).toBe('x'.repeat(300));
  });

  // Where a text is cut must not decide whether a secret is seen.
  it.each([300, 4_000, 100_000])('holds no half of a password that stands across character %i', (place) => {
    for (let before = place - PASSWORD.length - 3; before <= place + 3; before += 1) {
      for (const filler of ['\0', '\n', ' ', 'x']) {
        expect(quote(`${filler.repeat(before)}${PASSWORD}`)).not.toContain('correct');
      }
    }
  });

  it('holds no half of a password when it is repeated without end', () => {
    for (const length of [4_000, 100_000, 200_000]) {
      expect(quote(PASSWORD.repeat(length / 20)).replaceAll('*', '')).toBe('');
    }
  });

  it('knows a password of characters that cannot be printed by what is left of it', () => {
    const odd = createQuote({ login: 'me', password: 'one\u0007\u0007two' });
    expect(odd('a one\u0007\u0007two b')).toBe('a *** b');
  });

  it('has no holes where the login is a part of other words', () => {
    const short = createQuote({ login: 'in', password: 'q' });
    expect(short('invalid login: in (q) in aW46cQ== of an index')).toBe('invalid login: *** (***) *** *** of an index');
  });

  it('masks a password inside other words, however short it is', () => {
    const short = createQuote({ login: 'me', password: 'ab12c' });
    expect(short('xab12cy me:ab12cz\u001b[31mab12c')).toBe('x***y ***z ***');
  });

  it('masks a short login behind the colour of a terminal', () => {
    const short = createQuote({ login: 'ab12c', password: PASSWORD });
    expect(short('no\u001b[1;31mab12c\u001b[0m xab12cy')).toBe('no ***  xab12cy');
  });

  it('takes no letter of a secret for a part of what stands before it', () => {
    // After an escape and a bracket a letter ends the command to a terminal.
    const letters = { login: 'agency@example.com', password: 'abcdef0123456789' };
    const own = createQuote(letters);
    for (const before of [
      '\n[',
      '\r\n[',
      '\0[',
      '\u001b[',
      '\u001b[31',
      '\u009b',
      '\u009b1;',
      '\t[0;',
      '%1b[',
      '\\u001b[',
    ])
      for (const secret of [letters.password, `${letters.login}:${letters.password}`, letters.login]) {
        expect(own(`Not authorized:${before}${secret}]`)).toMatch(/^Not authorized:.*\*\*\*\]$/);
        expect(own(`Not authorized:${before}${secret}]`)).not.toContain(secret.slice(1));
      }
  });

  it.each([
    ['Abc:Defgh12', 'denied for Abc%3aDefgh12'],
    ['Pass/Word12', String.raw`{"p":"Pass\/Word12"}`],
    ['Pässword12', String.raw`{"p":"P\u00e4ssword12"} P%c3%a4ssword12 P\u00E4ssword12`],
    ['Qr?>~Word12', String.raw`Basic bWVAZXhhbXBsZS5vcmc6UXI\/Pn5Xb3JkMTI=`],
    ['Pass Word12!', 'password=Pass+Word12%21'],
    ["Pass'Word12!", 'password=Pass%27Word12%21 Pass&#39;Word12! Pass&#x27;Word12!'],
    ['Pass&Word12', '<p>Pass&amp;Word12</p>'],
    ['Pass Word12 ', 'user Pass Word12, denied'],
    ['Pass"Word12', String.raw`{"p":"Pass\"Word12"}`],
    ['Pass\u001b[31mWord12\nx', 'Pass\u001b[31mWord12\r\nx'],
  ])('knows %j in whatever way it is written back', (password, text) => {
    const said = createQuote({ login: 'me@example.org', password })(text);
    expect(said).toContain('***');
    expect(said).not.toMatch(/Word12|word12|Defgh|UXI|Pn5X/);
  });

  it('looks through the longest text in time', () => {
    const long = createQuote({ login: 'agency@example.com', password: 'aB%\\u0061/+&#x61;9-correct' });
    const began = performance.now();
    for (const filler of ['a', '%', '\\u00', '&#x', 'agency@example.co']) long(filler.repeat(100_000));
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('of a text that is longer than what is looked at tells the beginning, and nothing of a password that is cut', () => {
    const said = `said ${'y'.repeat(200)}`;
    for (const cut of [1, PASSWORD.length / 2, PASSWORD.length - 1])
      expect(quote(`${said}${'\0'.repeat(100_000 - said.length - cut)}${PASSWORD}${'x'.repeat(9)}`)).toMatch(
        /^said y+$/,
      );
    expect(quote(`said ${'x'.repeat(200_000)}`)).toBe(`said ${'x'.repeat(295)}`);
  });
});
