import { createHash } from 'node:crypto';

export type IdDigest = {
  /** How many ids there are. */
  readonly rows: number;
  /** Sum mod 2^128 of the first 16 bytes of each id's SHA-256, 32 hex digits: free of order, and anyone can work it out again. */
  readonly digest: string;
};

const MODULUS = 2n ** 128n;

export function digestOf(ids: Iterable<string>): IdDigest {
  let rows = 0;
  let sum = 0n;
  for (const id of ids) {
    rows += 1;
    sum = (sum + hashOf(id)) % MODULUS;
  }
  return { rows, digest: sum.toString(16).padStart(32, '0') };
}

/** The digest of all of them, where no id is in two. */
export function addDigests(digests: readonly IdDigest[]): IdDigest {
  const sum = digests.reduce((total, { digest }) => total + BigInt(`0x${digest}`), 0n) % MODULUS;
  return { rows: digests.reduce((total, { rows }) => total + rows, 0), digest: sum.toString(16).padStart(32, '0') };
}

function hashOf(id: string): bigint {
  return BigInt(`0x${createHash('sha256').update(id).digest('hex').slice(0, 32)}`);
}
