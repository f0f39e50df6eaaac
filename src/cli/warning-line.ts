import { z } from 'zod';
import { shown } from './shown.ts';

const ISO = /\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z/g;

/** Instants inside a text, as all others that people are shown. */
export function withPlainTimes(text: string): string {
  return text.replace(ISO, '$1 $2');
}

const logLine = z.looseObject({
  level: z.string(),
  msg: z.string(),
  api: z.string().optional(),
  since: z.string().optional(),
  until: z.string().optional(),
  error: z.string().optional(),
  why: z.string().optional(),
  err: z.looseObject({ message: z.string() }).optional(),
});

/** A line of the log for the one who looks at the terminal; every fact of it is in the log of a run without one. */
export function warningLine(line: string): string {
  const parsed = logLine.safeParse(jsonOf(line));
  if (!parsed.success) return line;
  const { level, msg, api, since, until, error, why, err } = parsed.data;
  const range = since === undefined || until === undefined ? [] : [`${since} to ${until}`];
  const where = [...(api === undefined ? [] : [api]), ...range].join(', ');
  const reason = error ?? why ?? err?.message ?? '';
  const lead = level === 'warn' ? 'Warning' : 'Error';
  const text = `${lead}: ${msg}${where === '' ? '' : ` (${where})`}${reason === '' ? '' : `: ${reason}`}`;
  return `${shown(withPlainTimes(text).replace(/\s+/g, ' '))}\n`;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
