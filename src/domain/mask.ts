/**
 * From so many characters on a secret is masked wherever it stands. A shorter one is masked only where it stands by itself: the
 * login `in`, or a password of one letter, would make holes in every sentence and name, and who reads these fills the holes with
 * the secret. That costs no safety: the API passwords of DataForSEO have 16 characters and tokens more, so a shorter secret is a login or one
 * that whoever wants to can guess; and where credentials are quoted as such (`login:password`, base64) their form is longer.
 */
const MASKED_INSIDE_WORDS = 6;

/** Nothing of a word before it; a letter that belongs to an escape of JSON or of an address is none. */
const BEGINS = String.raw`(?:(?<![\p{L}\p{M}\p{N}_])|(?<=\\[bfnrt]|\\u[\da-fA-F]{4}|%[\da-fA-F]{2}))`;
const ENDS = String.raw`(?![\p{L}\p{M}\p{N}_])`;

/** Puts `mask` in the place of each of the forms, the longest first: a shorter one inside it would leave the rest behind. */
export function createMask(forms: readonly string[], mask: string): (text: string) => string {
  const known = [...new Set(forms)].filter((form) => form !== '').sort((a, b) => b.length - a.length);
  const patterns = known.map((form) =>
    form.length < MASKED_INSIDE_WORDS ? new RegExp(`${BEGINS}${literally(form)}${ENDS}`, 'gu') : form,
  );
  return (text) => patterns.reduce<string>((rest, pattern) => rest.replaceAll(pattern, () => mask), text);
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
