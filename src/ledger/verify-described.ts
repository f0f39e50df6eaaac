import { plainText } from '../domain/plain-text.ts';

/** What the ledger keeps of a task beside its metadata, so that nobody has to take that apart. */
export type DescribedTask = {
  readonly metadata: string;
  readonly tag: string | null;
  readonly target: string | null;
};

/** Where a task's tag or target is not what its metadata says; each ends a sentence that begins with the task. */
export function* misdescriptionsIn({ metadata, tag, target }: DescribedTask): Generator<string> {
  const value = parsed(metadata);
  if (value === undefined) {
    yield 'has metadata that is no JSON';
    return;
  }
  for (const [name, kept] of [
    ['tag', tag],
    ['target', target],
  ] as const) {
    const told = memberOf(value, name);
    if (!isThat(told, kept))
      yield `has the ${name} ${JSON.stringify(kept)}, its metadata says ${JSON.stringify(told ?? null)}`;
  }
}

function parsed(metadata: string): unknown {
  try {
    return JSON.parse(metadata);
  } catch {
    return undefined;
  }
}

/** Of an object alone: a list of tasks has no one tag. */
function memberOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A number has been kept with all its digits, of which a double forgets the last. */
function isThat(told: unknown, kept: string | null): boolean {
  if (typeof told === 'string') return plainText(told) === kept;
  if (typeof told === 'number') return kept !== null && Number(kept) === told;
  return kept === null;
}
