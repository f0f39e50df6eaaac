import { deepJsonText, jsonText } from './json-text.ts';

/** What says where an answer goes or whose it is, and nothing of what is asked. */
const NOTES: readonly string[] = ['tag', 'postback_url', 'postback_data', 'pingback_url'];
const HEADS = NOTES.map((name) => `"${name}":`);

/** An integer that a double cannot hold: such metadata is compared letter by letter. */
const LONG_INTEGER = /[[:,]-?\d{16}/;

export type Likeness = {
  /** 32 bits: the same for the same parameters in any order, and nearly always others for others. */
  readonly digest: number;
  /** The metadata without its notes: what says where the answer goes and whose it is. JSON. */
  readonly bare: string;
};

/**
 * What tells a task's parameters from others, in a fifth of the time that it takes to parse them and to put them in order: the text is
 * cut at every comma and bracket, whatever they stand for, and what lies between is added up. Lost in that is the order of
 * members, which makes no difference, and that of lists, and what bears the name of a note further inside: {@link haveSameParameters}.
 *
 * @param metadata - As `JSON.stringify` writes it, so that the same value is the same text: an object, or a list of them.
 */
export function likenessOf(metadata: string): Likeness {
  let sum = 0;
  let part = 0;
  let bare = '';
  let taken = 0;
  for (let at = 0; at < metadata.length; at += 1) {
    const code = metadata.charCodeAt(at);
    if (isCut(code)) {
      sum = (sum + stirred(part)) | 0;
      part = 0;
    } else if (part === 0 && code === QUOTE && startsNote(metadata, at)) {
      const end = endOfNote(metadata, at);
      if (end < 0) return parsedLikeness(metadata);
      const isLast = metadata.charCodeAt(end) !== COMMA;
      bare += metadata.slice(taken, at);
      if (isLast && bare.endsWith(',')) bare = bare.slice(0, -1);
      taken = isLast ? end : end + 1;
      at = end - 1;
    } else part = (Math.imul(part, 31) + code) | 0;
  }
  return { digest: (sum + stirred(part)) | 0, bare: taken === 0 ? metadata : bare + metadata.slice(taken) };
}

/** Most that have the same digest are the same to the letter. Of both what {@link likenessOf} calls bare. */
export function haveSameParameters(a: string, b: string): boolean {
  return a === b || parametersOf(a) === parametersOf(b);
}

/** As text that is the same in any order. */
function parametersOf(bare: string): string {
  if (LONG_INTEGER.test(bare)) return bare;
  const value: unknown = JSON.parse(bare);
  return Array.isArray(value) ? value.map(sortedText).join() : sortedText(value);
}

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;

/** `,` `[` `]` `{` `}`: brackets and braces are 32 apart. */
function isCut(code: number): boolean {
  return code === COMMA || (code | 32) === 123 || (code | 32) === 125;
}

/** Nothing stays 0, so that a list of one is as good as the one; all else is spread over all bits. */
function stirred(part: number): number {
  const once = Math.imul(part ^ (part >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}

/** A quote after a cut begins a name or a text, or it ends a text, and then no colon comes after the next. */
function startsNote(text: string, at: number): boolean {
  const letter = text.charCodeAt(at + 1);
  return (letter === 116 || letter === 112) && HEADS.some((head) => text.startsWith(head, at));
}

/** Behind its text; below 0 where it may stand further inside, is no text, or has an escape at its end. */
function endOfNote(text: string, at: number): number {
  const value = text.indexOf(':', at) + 1;
  const last = text.indexOf('"', value + 1);
  const isPlain = text.charCodeAt(value) === QUOTE && text.charCodeAt(last - 1) !== BACKSLASH;
  return isPlain && text.lastIndexOf('{', at) === 0 ? last + 1 : -1;
}

/** Rare: lists, and notes that the text does not show for certain. */
function parsedLikeness(metadata: string): Likeness {
  const value: unknown = JSON.parse(metadata);
  const withoutAny = deepJsonText(value, (members) => Object.keys(members).filter((name) => !NOTES.includes(name)));
  const bare = () => jsonText(Array.isArray(value) ? value.map(withoutNotes) : withoutNotes(value));
  return { digest: likenessOf(withoutAny).digest, bare: LONG_INTEGER.test(metadata) ? metadata : bare() };
}

function withoutNotes(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !NOTES.includes(name)));
}

function sortedText(value: unknown): string {
  return deepJsonText(value, (members) => Object.keys(members).sort());
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
