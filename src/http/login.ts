import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv6 } from 'node:net';

type LoginVerdict = 'granted' | 'missing' | 'wrong' | { readonly waitMs: number };

export type Login = {
  /** @param address - Whose it is. @param authorization - The header of that name. */
  readonly judge: (address: string, authorization: string | undefined) => LoginVerdict;
};

/** So many wrong tokens in a row are a person's mistakes. */
const FREE_TRIES = 5;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** Who was not heard of for so long begins anew. */
const FORGOTTEN_MS = 15 * 60_000;
/** More addresses than that are not remembered: the one that was silent longest is forgotten. */
const MOST_ADDRESSES = 1_000;

type Culprit = { readonly failures: number; readonly lastAt: number };

/**
 * Takes the token as Bearer, or as the password of HTTP Basic with any user name. After five wrong ones in a row an address
 * waits before the next is looked at, up to a minute; a right one makes up for all.
 *
 * @param monotonic - Milliseconds that only grow.
 */
export function createLogin(token: string, monotonic: () => number): Login {
  const right = digestOf(token);
  const culprits = new Map<string, Culprit>();
  return {
    judge: (address, authorization) => {
      const offered = offeredToken(authorization);
      if (offered === null) return 'missing';
      const now = monotonic();
      const name = networkOf(address);
      const known = culprits.get(name);
      const before = known === undefined || now - known.lastAt > FORGOTTEN_MS ? 0 : known.failures;
      const waitMs = known === undefined ? 0 : known.lastAt + waitAfter(before) - now;
      if (waitMs > 0) return { waitMs };
      culprits.delete(name);
      if (timingSafeEqual(digestOf(offered), right)) return 'granted';
      culprits.set(name, { failures: before + 1, lastAt: now });
      if (culprits.size > MOST_ADDRESSES) forgetOldest(culprits);
      return 'wrong';
    },
  };
}

function waitAfter(failures: number): number {
  if (failures < FREE_TRIES) return 0;
  return Math.min(FIRST_WAIT_MS * 2 ** (failures - FREE_TRIES), LONGEST_WAIT_MS);
}

function forgetOldest(culprits: Map<string, Culprit>): void {
  for (const name of culprits.keys()) {
    culprits.delete(name);
    return;
  }
}

function offeredToken(authorization: string | undefined): string | null {
  const [, scheme = '', value = ''] = /^(\w+) +(\S+) *$/.exec(authorization ?? '') ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return value;
    case 'basic': {
      const pair = Buffer.from(value, 'base64').toString('utf8');
      const colon = pair.indexOf(':');
      return colon === -1 ? null : pair.slice(colon + 1);
    }
    case '':
      return null;
  }
  return null;
}

/** Of equal length whatever is offered, so that the comparison takes equally long. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

/** Who has one IPv6 address has a whole /64 of them. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail = ''] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = plain.includes('::') ? Array<string>(Math.max(8 - left.length - right.length, 0)).fill('0') : [];
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}
