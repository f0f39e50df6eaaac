/** Text of others on a terminal: it can neither move the cursor nor turn the direction of writing. */
export function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** For people: in a line of ours nobody else begins one, or makes the terminal do something. */
export function shownLines(lines: readonly string[]): string {
  return lines.map(shown).join('\n');
}
