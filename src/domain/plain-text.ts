// A lone surrogate has no UTF-8, so SQLite would store something else; behind a NUL most tools see nothing of a text.
const UNSTORABLE = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * A text that a text column can hold and every tool can show. U+0000 and lone surrogates are written as JSON writes them,
 * `\u0000` and `\ud83d`, so that nothing is lost and two texts stay two texts.
 */
export function plainText(text: string): string {
  if (text.isWellFormed() && !text.includes('\0')) return text;
  return text.replace(UNSTORABLE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
