import { pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { LOG_LEVELS } from './config/settings.ts';
import { createMask, formsOf } from './domain/mask.ts';

/** Messages are constants, facts are fields: `log.warn({ waitMs }, 'throttled')`. */
export type Logger = PinoLogger;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A text with every secret replaced; the same for what is logged and for what is printed. */
export type Scrub = (text: string) => string;

type LoggerOptions = {
  readonly level: LogLevel;
  /** Texts that must not appear in any line, in whatever form (`secretsOf` in src/config.ts). */
  readonly secrets: readonly string[];
  /** Default: standard error, written at once, because a kill must not lose the lines that say why. */
  readonly destination?: DestinationStream;
};

const SCRUBBED = '[secret]';

/** A message may hold a part of what a server sent; a log line is no place for a page of it. */
const LONGEST_MESSAGE = 500;
const DEEPEST_CAUSE = 5;

/** What may be told of an error: anything else can hold a request, and with it the password. */
const TOLD_OF_ERRORS = ['name', 'code', 'hint', 'statusCode', 'httpStatus', 'callId'] as const;

/** One JSON object a line, for programs; `| npx pino-pretty` makes it readable. */
export function createLogger({ level, secrets, destination }: LoggerOptions): Logger {
  const scrub = createScrub(secrets);
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: tellErrors },
      // Ours are plain objects by now, which pino's own would take for errors because they have a message.
      serializers: { err: (told: unknown) => told },
      hooks: { streamWrite: (line) => scrubLine(line, scrub) },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

/** The quieter of the two; `backfill` on a terminal logs no less than warnings, because the progress bar is there. */
export function quieter(level: LogLevel, other: LogLevel): LogLevel {
  return LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(other) ? level : other;
}

/**
 * Replaces the secrets in every form in which they are known to travel: plain, percent-encoded, inside JSON, base64. A common word
 * or a single letter too, although that makes holes in messages (src/domain/mask.ts).
 */
export function createScrub(secrets: readonly string[]): Scrub {
  return createMask({ secrets: secrets.flatMap(formsOf) }, SCRUBBED);
}

/** The name, code, message and hint of an error and of its causes, and nothing else. */
function tellError(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error, message: shorten(String(error)) };
  const details = nestedDetails(error);
  const told = TOLD_OF_ERRORS.flatMap((key) => {
    const value: unknown = Reflect.get(error, key) ?? Reflect.get(details, key);
    return ['string', 'number'].includes(typeof value) ? [[key, value] as const] : [];
  });
  const cause = error.cause === undefined || depth >= DEEPEST_CAUSE ? {} : { cause: tellError(error.cause, depth + 1) };
  return { ...Object.fromEntries(told), message: shorten(error.message), ...cause };
}

function nestedDetails(error: Error): object {
  return 'details' in error && typeof error.details === 'object' && error.details !== null ? error.details : {};
}

function shorten(text: string): string {
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}…` : text;
}

/** Errors hide in fields of any name; JSON would show whatever properties they happen to have. */
function tellErrors(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const told: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) told[key] = value instanceof Error ? tellError(value) : value;
  return told;
}

/** A line stays JSON: the secret `info` may not turn `"level":"info"` into something that nothing can read. */
function scrubLine(line: string, scrub: Scrub): string {
  if (scrub(line) === line) return line;
  return `${JSON.stringify(scrubValue(JSON.parse(line), scrub))}\n`;
}

function scrubValue(value: unknown, scrub: Scrub): unknown {
  if (typeof value === 'string') return scrub(value);
  if (Array.isArray(value)) return value.map((item) => scrubValue(item, scrub));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [scrub(key), scrubValue(item, scrub)]));
}
