import { validate as isCron } from 'node-cron';
import { z } from 'zod';
import { readAddress, type AddressReading } from './address.ts';
import { DURATION, formatDuration, parseDuration } from './duration.ts';

// The kinds of values that settings have. Every message is the end of a sentence that says what would be right.
// Text is accepted for each kind, because flags and the environment hold nothing else.

export function wholeNumber(least: number, most: number) {
  const error = `it must be a whole number from ${least} to ${most}`;
  const fromText = (value: unknown) =>
    typeof value === 'string' && /^\s*\d{1,15}\s*$/.test(value) ? Number(value) : value;
  return z.preprocess(fromText, z.int({ error }).min(least, { error }).max(most, { error }));
}

/** @returns Milliseconds. */
export function duration(leastMs: number, mostMs: number) {
  const error = `it must be a duration from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}, written like ${examplesWithin(leastMs, mostMs)}`;
  return z
    .string({ error })
    .regex(DURATION, { error })
    .transform(parseDuration)
    .refine((ms) => ms >= leastMs && ms <= mostMs, { error });
}

/** One of each unit, as far as they are allowed. */
function examplesWithin(leastMs: number, mostMs: number): string {
  const examples = ['500ms', '60s', '10m', '1h', '30d'].filter((text) => {
    const ms = parseDuration(text);
    return ms >= leastMs && ms <= mostMs;
  });
  const last = examples.pop() ?? formatDuration(leastMs);
  return examples.length === 0 ? last : `${examples.join(', ')} or ${last}`;
}

/** One or more of the names: a list, or text with commas. Repeats are dropped. */
export function namesOf<const Name extends string>(names: readonly Name[]) {
  const error = `it must be one or more of ${names.join(', ')}, separated by commas`;
  const list = z.array(z.enum(names, { error }), { error }).min(1, { error });
  const text = z.string().transform((value) => value.split(',').map((name) => name.trim()));
  return z.union([list, text.pipe(list)], { error }).transform((given) => [...new Set(given)]);
}

export function oneOf<const Name extends string>(names: readonly Name[]) {
  return z.enum(names, { error: `it must be one of ${names.join(', ')}` });
}

export function textLike(pattern: RegExp, error: string) {
  return z.string({ error }).regex(pattern, { error });
}

/** Five or six fields; node-cron's own judgement, so that what is accepted here is what it will run. */
export function cron() {
  const error = 'it must have 5 or 6 cron fields, such as "* * * * *" for every minute';
  const isLong = (text: string) => [5, 6].includes(text.trim().split(/\s+/).length);
  return z.string({ error }).refine(isLong, { error, abort: true }).refine(isCron, {
    error:
      'each of its fields must be one that comes: minute 0 to 59, hour 0 to 23, day 1 to 31 (of a month that has it), month 1 to 12, weekday 0 to 7',
  });
}

/** @returns The address without a slash at its end, so that a path can be appended. */
export function address(read: (text: string) => AddressReading) {
  return z.string({ error: 'it must be an address' }).transform((text, context) => {
    const reading = read(text);
    if ('url' in reading) return reading.url.href.replace(/\/+$/, '');
    context.addIssue({ code: 'custom', message: reading.wrong });
    return z.NEVER;
  });
}

/** An address that is a secret by itself: who knows the address of a web hook may use it. Null when unset. */
export function secretAddress() {
  return address(readAddress).nullable().prefault(null);
}

/** Text that may be unset, which is null. */
export function optionalText(pattern: RegExp, error: string) {
  return textLike(pattern, error).nullable().prefault(null);
}
