import { echoPattern } from './echo-pattern.ts';

/**
 * From so many characters on a login is masked wherever it stands. A shorter one is masked only where it stands by itself: the login `in`
 * would make holes in every sentence and name. A login alone opens nothing. A password or a token does, so these are masked wherever
 * they stand, however short. One of a letter or two shows by its holes in texts that everybody knows: such a one is as good as none, and no
 * mask makes it better.
 */
const MASKED_INSIDE_WORDS = 6;

/** What is hidden, each in all its forms (`formsOf`). */
export type Hidden = {
  /** Passwords, tokens, and logins together with them. */
  readonly secrets: readonly string[];
  /** Logins by themselves. */
  readonly logins?: readonly string[];
};

/** Nothing of a word before it; a letter that belongs to an escape of JSON, of an address or of a terminal (a colour) is none. */
const BEGINS = String.raw`(?:(?<![\p{L}\p{M}\p{N}_])|(?<=\\[bfnrt]|\\u[\da-fA-F]{4}|\u001b\[[\d;?]*[A-Za-z]|\\u001[bB]\[[\d;?]*[A-Za-z]|%[\da-fA-F]{2}))`;
const ENDS = String.raw`(?![\p{L}\p{M}\p{N}_])`;

/**
 * Puts `mask` in the place of each of them, in whatever way it is written back (`echoPattern`), the longest first: a shorter one inside it
 * would leave the rest behind.
 */
export function createMask({ secrets, logins = [] }: Hidden, mask: string): (text: string) => string {
  const everywhere = new Set(secrets);
  const patterns = [...new Set([...secrets, ...logins])]
    .filter((form) => form.trim() !== '')
    .sort((a, b) => b.length - a.length)
    .map((form) => {
      const pattern = echoPattern(form);
      const isMasked = everywhere.has(form) || form.length >= MASKED_INSIDE_WORDS;
      return new RegExp(isMasked ? pattern : `${BEGINS}${pattern}${ENDS}`, 'gu');
    });
  return (text) => patterns.reduce((rest, pattern) => rest.replace(pattern, () => mask), text);
}

/** A secret, and what HTTP Basic and the like make of it. Not empty, the blanks at its ends aside. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const encoded = bytes.toString('base64');
  return [secret, secret.trim(), encoded, encoded.replace(/=+$/, ''), bytes.toString('base64url')].filter(
    (form) => form.trim() !== '',
  );
}
