export type Credentials = { readonly login: string; readonly password: string };

/** The value of `Authorization`: HTTP Basic of the UTF-8 bytes. */
export function basicAuthorization(credentials: Credentials): string {
  return `Basic ${base64(pairOf(credentials))}`;
}

/** The most of a foreign text that goes into a message. */
const LONGEST_QUOTE = 300;
/** Enough to see a secret that begins within the quote whole, and little enough to scrub quickly. */
const SCRUBBED_CHARACTERS = 4_000;

/**
 * Makes foreign text fit for a message: without the credentials in any form that a server or a library may echo, one line
 * of printable characters, at most 300. It scrubs before it cuts, else half a password could be left standing.
 */
export function createQuote(credentials: Credentials): (text: string) => string {
  const secrets = formsOf(credentials);
  return (text) => {
    const scrubbed = secrets.reduce(
      (rest, secret) => rest.replaceAll(secret, '***'),
      text.slice(0, SCRUBBED_CHARACTERS),
    );
    return scrubbed
      .replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]+/gu, ' ')
      .trim()
      .slice(0, LONGEST_QUOTE)
      .toWellFormed();
  };
}

/** Longest first, so that a short secret does not break up a long one that holds it. */
function formsOf(credentials: Credentials): string[] {
  const texts = [credentials.login, credentials.password, pairOf(credentials)];
  const forms = texts.flatMap((text) => {
    const escaped = encodeURIComponent(text.toWellFormed());
    const encoded = base64(text);
    return [
      text,
      escaped,
      escaped.toLowerCase(),
      encodeURI(text.toWellFormed()),
      JSON.stringify(text).slice(1, -1),
      encoded,
      encoded.replace(/=+$/, ''),
      Buffer.from(text, 'utf8').toString('base64url'),
    ];
  });
  return [...new Set(forms)].filter((form) => form !== '').sort((a, b) => b.length - a.length);
}

function pairOf(credentials: Credentials): string {
  return `${credentials.login}:${credentials.password}`;
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
