import { randomUUID } from 'node:crypto';
import { endOfText } from '../domain/json-text.ts';

/** What `JSON.rawJSON` makes: written out again to the letter. Node has it since 21; TypeScript does not know it yet. */
type RawJson = { readonly rawJSON: string };

declare global {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- only an interface adds to a type of the language
  interface JSON {
    rawJSON(text: string): RawJson;
    isRawJSON(value: unknown): value is RawJson;
  }
}

/** Cheap to look for, and rarely there. */
const LONG_INTEGER = /[[:,]\s*-?\d{16}/;

/**
 * Reads JSON so that whole numbers too long for a double survive: customers use such numbers as tags. They become objects that
 * `JSON.stringify` writes as they were received, and that `longInteger` tells from others. At any depth: a reviver of
 * `JSON.parse`, which would be shown the digits, gives up below some five thousand levels.
 *
 * @returns `undefined` for what is not JSON.
 */
export function parseExactJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return LONG_INTEGER.test(text) ? parseLong(text) : value;
  } catch {
    return undefined;
  }
}

/** The digits of a whole number that no double holds; null for anything else. */
export function longInteger(value: unknown): string | null {
  return JSON.isRawJSON(value) ? value.rawJSON : null;
}

/** The long numbers travel through `JSON.parse` as texts with a mark that no text can bear by chance or by intent. */
function parseLong(text: string): unknown {
  const mark = `${randomUUID()} `;
  const holder: Record<string, unknown> = { root: JSON.parse(markLong(text, mark)) };
  const read = (value: unknown): unknown =>
    typeof value === 'string' && value.startsWith(mark) ? JSON.rawJSON(value.slice(mark.length)) : value;
  const open: Record<string, unknown>[] = [holder];
  for (let members = open.pop(); members !== undefined; members = open.pop()) {
    for (const name of Object.keys(members)) {
      const value = members[name];
      if (isObject(value)) open.push(value);
      else if (typeof value === 'string') members[name] = read(value);
    }
  }
  return holder['root'];
}

const DIGITS = 16;
const NUMBERS = /-?\d[\d.eE+-]*/g;

/** @param text - Is JSON for certain: a quote outside a text begins one. */
function markLong(text: string, mark: string): string {
  let marked = '';
  let taken = 0;
  for (let at = 0; at < text.length;) {
    const quote = text.indexOf('"', at);
    const begin = quote < 0 ? text.length : quote;
    if (begin - at >= DIGITS) {
      const between = text
        .slice(at, begin)
        .replace(NUMBERS, (digits) => (isLong(digits) ? `"${mark}${digits}"` : digits));
      marked += text.slice(taken, at) + between;
      taken = begin;
    }
    at = endOfText(text, begin);
  }
  return marked + text.slice(taken);
}

function isLong(digits: string): boolean {
  return digits.length >= DIGITS && /^-?\d+$/.test(digits) && !Number.isSafeInteger(Number(digits));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
