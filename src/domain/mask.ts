/**
 * From so many characters on a login is masked wherever it stands. A shorter one is masked only where it stands by itself: the login `in`
 * would make holes in every sentence and name. A login alone opens nothing. A password or a token does, so these are masked wherever
 * they stand, however short. One of a letter or two shows by its holes in texts that everybody knows: such a one is as good as none, and no
 * mask makes it better.
 */
const MASKED_INSIDE_WORDS = 6;

/** What is hidden, each in all the forms that it may have. */
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
 * Puts `mask` in the place of each of the forms, the longest first: a shorter one inside it would leave the rest behind.
 *
 * @param patternOf - The source of a pattern of a form; as it stands where there is none.
 */
export function createMask(
  { secrets, logins = [] }: Hidden,
  mask: string,
  patternOf?: (form: string) => string,
): (text: string) => string {
  const written = patternOf ?? literally;
  const everywhere = new Set(secrets);
  const known = [...new Set([...secrets, ...logins])].filter((form) => form !== '');
  const patterns = known
    .sort((a, b) => b.length - a.length)
    .map((form) =>
      everywhere.has(form) || form.length >= MASKED_INSIDE_WORDS
        ? patternOf === undefined
          ? form
          : new RegExp(patternOf(form), 'gu')
        : new RegExp(`${BEGINS}${written(form)}${ENDS}`, 'gu'),
    );
  return (text) => patterns.reduce<string>((rest, pattern) => rest.replaceAll(pattern, () => mask), text);
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
