/** Of HTML, by name; others come by number. */
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', 'amp'],
  ['<', 'lt'],
  ['>', 'gt'],
  ['"', 'quot'],
  ["'", 'apos'],
]);

/**
 * The source of a pattern for a text as a server, a proxy or a library may write it back: each character as it is, behind a backslash, or as
 * an escape of JSON, of an address or of HTML, whatever of these each of them takes.
 */
export function echoPattern(text: string): string {
  return Array.from(text, charPattern).join('');
}

function charPattern(char: string): string {
  const name = ENTITIES.get(char);
  const code = char.codePointAt(0) ?? 0;
  const forms = [
    String.raw`\\?${literally(char)}`,
    Array.from(Buffer.from(char, 'utf8'), (byte) => `%${hex(byte, 2)}`).join(''),
    Array.from({ length: char.length }, (_, at) => String.raw`\\u${hex(char.charCodeAt(at), 4)}`).join(''),
    `&#0*${code};`,
    `&#[xX]0*${hex(code, 1)};`,
    ...(name === undefined ? [] : [`&${name};`]),
    ...(char === ' ' ? [String.raw`\+`] : []),
    ...(code > 0x1f ? [] : [literally(JSON.stringify(char).slice(1, -1))]),
  ];
  return `(?:${forms.join('|')})`;
}

/** In capitals or not. */
function hex(value: number, digits: number): string {
  const text = value.toString(16).padStart(digits, '0');
  return text.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
