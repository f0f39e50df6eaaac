/** Of JSON that is a text in JSON that is a text in JSON. Bounded, for a page of nothing else would be looked through without end. */
const MOST_BACKSLASHES = 7;

/** Of HTML, by name; others come by number. */
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', 'amp'],
  ['<', 'lt'],
  ['>', 'gt'],
  ['"', 'quot'],
  ["'", 'apos'],
]);

/**
 * The source of a pattern for a text as a server, a proxy or a library may write it back: each character as it is, behind
 * backslashes, or as an escape of JSON, of an address or of HTML, whatever of these each of them takes; inside JSON that is a text in JSON too.
 * That of an empty text fits everywhere.
 */
export function echoPattern(text: string): string {
  return Array.from(text, charPattern).join('');
}

function charPattern(char: string): string {
  const name = ENTITIES.get(char);
  const code = char.codePointAt(0) ?? 0;
  const forms = [
    String.raw`\\{0,${MOST_BACKSLASHES}}${RegExp.escape(char)}`,
    Array.from(Buffer.from(char, 'utf8'), (byte) => `%${hex(byte, 2)}`).join(''),
    Array.from(
      { length: char.length },
      (_, at) => String.raw`\\{1,${MOST_BACKSLASHES}}u${hex(char.charCodeAt(at), 4)}`,
    ).join(''),
    `&#0*${code};`,
    `&#[xX]0*${hex(code, 1)};`,
    ...(name === undefined ? [] : [`&${name};`]),
    ...(char === ' ' ? [String.raw`\+`] : []),
    ...controlForms(char, code),
  ];
  return `(?:${forms.join('|')})`;
}

/** In capitals or not. */
function hex(value: number, digits: number): string {
  const text = value.toString(16).padStart(digits, '0');
  return text.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** `\n` and the like, by their letter. */
function controlForms(char: string, code: number): string[] {
  const short = JSON.stringify(char).slice(2, -1);
  return code > 0x1f || short.startsWith('u') ? [] : [String.raw`\\{1,${MOST_BACKSLASHES}}${short}`];
}
