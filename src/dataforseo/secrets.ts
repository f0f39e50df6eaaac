import { createMask, formsOf } from '../domain/mask.ts';

export type Credentials = { readonly login: string; readonly password: string };

/** The value of `Authorization`: HTTP Basic of the UTF-8 bytes. */
export function basicAuthorization(credentials: Credentials): string {
  return `Basic ${base64(pairOf(credentials))}`;
}

/** The most of a foreign text that goes into a message. */
const LONGEST_QUOTE = 300;
/** So much of a foreign text is looked at; all of it would be a page of tens of megabytes. */
const LOOKED_AT_CHARACTERS = 100_000;

/**
 * Makes foreign text fit for a message: without the credentials in any form that a server or a library may echo, one line
 * of printable characters, at most 300. Nothing is cut before it is scrubbed without the room that a whole secret takes, else
 * half a password could be left standing.
 */
export function createQuote(credentials: Credentials): (text: string) => string {
  const logins = formsOf(credentials.login);
  const secrets = [...formsOf(credentials.password), ...formsOf(pairOf(credentials))];
  const longest = Math.max(...[...logins, ...secrets].map((form) => form.length));
  const mask = createMask({ secrets, logins }, '***');
  const maskInLine = createMask({ secrets: inLine(secrets), logins: inLine(logins) }, '***');
  return (text) => {
    // Before anything is taken out of the text: what goes could be the first letter of a secret, of which nothing would find the rest.
    const masked = mask(text.slice(0, LOOKED_AT_CHARACTERS));
    const scrubbed = maskInLine(printable(masked.replace(OF_A_TERMINAL, ' ')));
    // What stands at the end may be the beginning of a secret that was cut.
    const whole = text.length > LOOKED_AT_CHARACTERS ? scrubbed.slice(0, -longest) : scrubbed;
    return whole.trim().slice(0, LONGEST_QUOTE).toWellFormed();
  };
}

/** How a terminal is told of a colour. */
// eslint-disable-next-line no-control-regex
const OF_A_TERMINAL = /(?:\u001b\[|\u009b)[\d;?]*[A-Za-z]/gu;

/** Whatever cannot be printed, in one place or many, is one space. */
function printable(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]+/gu, ' ');
}

/** As they stand in a line of printable characters. */
function inLine(forms: readonly string[]): string[] {
  return forms.map((form) => printable(form.replace(OF_A_TERMINAL, ' '))).filter((form) => form.trim() !== '');
}

function pairOf(credentials: Credentials): string {
  return `${credentials.login}:${credentials.password}`;
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
