import { foreign, h } from './dom.ts';

/** Leads to a task in the explorer. */
export function taskLink(id: string): HTMLElement {
  return h('a', { href: `/tasks?${new URLSearchParams({ id }).toString()}` }, foreign(id, 'no id', 60));
}
