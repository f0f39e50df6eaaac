import { expect, it } from 'vitest';
import { daysKept } from '../../src/domain/retrievable.ts';

it.each([
  ['serp/google/organic/task_post', 30],
  ['on_page/task_post', 30],
  ['serp/google/organic/task_get/html', 7],
  ['serp/google/organic/task_html', 7],
  ['backlinks/summary/live', 0],
  ['serp/google/organic/live/advanced', 0],
  ['serp/google/organic/live/html', 0],
  ['on_page/instant_pages', 0],
  ['', 0],
])('the result of %s is kept for %d days', (endpoint, days) => {
  expect(daysKept(endpoint)).toBe(days);
});
