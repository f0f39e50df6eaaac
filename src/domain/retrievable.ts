const STANDARD_DAYS = 30;
const HTML_DAYS = 7;

/**
 * For how many days DataForSEO keeps the result of a task (docs/endpoint.md, "Neighbours"): 30 of Standard, 7 of HTML, none of
 * Live. Standard is what was posted to `…/task_post`; whatever else is not known to be kept.
 *
 * @param endpoint - `serp/google/organic/task_post`
 */
export function daysKept(endpoint: string): number {
  const segments = endpoint.split('/');
  if (segments.includes('live') || !segments.some((segment) => segment.startsWith('task_'))) return 0;
  return segments.some((segment) => /(?:^|_)html$/.test(segment)) ? HTML_DAYS : STANDARD_DAYS;
}
