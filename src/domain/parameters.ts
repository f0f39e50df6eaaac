import { deepJsonText, endOfText } from './json-text.ts';

/** What says where an answer goes or whose it is, and nothing of what is asked. */
const NOTES: readonly string[] = ['tag', 'postback_url', 'postback_data', 'pingback_url'];
const HEADS = NOTES.map((name) => `"${name}":`);

/** An integer that a double cannot hold. */
const LONG_INTEGER = /[[:,]-?\d{16}/;

/**
 * A task's parameters as text that is the same in whatever order they were written, and whatever the notes beside them. A list
 * of one is as good as the one. Most metadata has no parts inside, and is cut and put in order as it is; only what has some is
 * parsed, which takes ten times as long. There an integer that a double cannot hold makes all of it be taken to the letter.
 *
 * @param metadata - As `JSON.stringify` writes it, so that the same value is the same text: an object, or a list of them.
 */
export function parametersText(metadata: string): string {
  const isListOfOne = metadata.startsWith('[{') && metadata.endsWith('}]');
  const members = plainMembers(isListOfOne ? metadata.slice(1, -1) : metadata);
  if (members !== null) return `{${members.filter(isAsked).sort().join(',')}}`;
  if (LONG_INTEGER.test(metadata)) return metadata;
  const value = parsed(metadata);
  return Array.isArray(value) ? value.map(sortedText).join() : sortedText(value);
}

/** What is no JSON, which only a hand can have written into the ledger, is like nothing but itself. */
function parsed(metadata: string): unknown {
  try {
    return JSON.parse(metadata);
  } catch {
    return metadata;
  }
}

const QUOTE = 34;
const COMMA = 44;
const OPENED = 91; // [
const CLOSED = 93; // ]
const BRACE = 123;

/** The members of an object, each with its name; null where there is an object inside, or none around. */
function plainMembers(text: string): string[] | null {
  if (!text.startsWith('{') || !text.endsWith('}')) return null;
  const end = text.length - 1;
  const members: string[] = [];
  let depth = 0;
  let begun = 1;
  for (let at = 1; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfText(text, at) - 1;
    else if (code === COMMA && depth === 0) {
      members.push(text.slice(begun, at));
      begun = at + 1;
    } else if (code === OPENED) depth += 1;
    else if (code === CLOSED) depth -= 1;
    else if (code === BRACE) return null;
  }
  if (begun < end) members.push(text.slice(begun, end));
  return members;
}

function isAsked(member: string): boolean {
  return !HEADS.some((head) => member.startsWith(head));
}

/** In the order that plain members have. The notes are those of the outermost object. */
function sortedText(value: unknown): string {
  return deepJsonText(value, (members) => {
    const names = Object.keys(members).sort(byWriting);
    return members === value ? names.filter((name) => !NOTES.includes(name)) : names;
  });
}

/** A quote is written with a backslash before it, and so comes elsewhere than by itself. */
function byWriting(a: string, b: string): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
