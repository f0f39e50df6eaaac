import { describe, expect, it } from 'vitest';
import { createMask } from '../../src/domain/mask.ts';

const masked = (...logins: readonly string[]) => createMask({ secrets: [], logins }, '***');

describe('a mask', () => {
  it('hides a login of six characters inside a word too, a shorter one only where it stands by itself', () => {
    expect(masked('agency')('anagencyb agencys')).toBe('an***b ***s');
    const short = masked('a', 'in', 'über1');
    expect(short('a page in an inner range, xüber1y, größe_in_a')).toBe(
      '*** page *** an inner range, xüber1y, größe_in_a',
    );
    expect(short('"in" (über1) login=in&b=a')).toBe('"***" (***) login=***&b=***');
  });

  it('hides a short login behind an escape of JSON, of an address or of a terminal', () => {
    expect(masked('ab')(String.raw`"\nab" "\u001bab" ?q=%20ab cab`)).toBe(
      String.raw`"\n***" "\u001b***" ?q=%20*** cab`,
    );
    expect(masked('ab12c')(String.raw`\u001b[31mab12c \u001B[1;31mab12c`)).toBe(
      String.raw`\u001b[31m*** \u001B[1;31m***`,
    );
    expect(masked('ab12c')('\u001b[31mab12c\u001b[0m \u001b[Kab12c [mab12c')).toBe(
      '\u001b[31m***\u001b[0m \u001b[K*** [mab12c',
    );
  });

  it('hides a short login that means something to a pattern', () => {
    for (const login of ['.', '$&', 'a.b', '(x', '[', '^|', '-', '/'])
      expect(masked(login)(`x ${login} axb`)).toBe('x *** axb');
  });

  it('hides a secret wherever it stands, also one that is a login as well', () => {
    const mask = createMask({ secrets: ['ab'], logins: ['ab', 'cd'] }, '***');
    expect(mask('xaby xcdy cd')).toBe('x***y xcdy ***');
  });

  it('hides the longer one first', () => {
    expect(createMask({ secrets: ['ab', 'abcdefg'], logins: ['abc'] }, '***')('abcdefg abc ab')).toBe('*** *** ***');
  });
});
