import type { ChangeLine, DoubtLine, DuplicateGroup, RetrievableLine, TaskLine } from '../../domain/report.ts';
import type { Told } from '../../domain/told.ts';

// Reports have instants as epoch ms; every answer of the API has them as ISO 8601.

export function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

export function toldTask({ postedAt, doneAt, ...task }: TaskLine): Told<TaskLine> {
  return { ...task, postedAt: iso(postedAt), doneAt: isoOrNull(doneAt) };
}

export function toldRetrievable({ until, ...task }: RetrievableLine): Told<RetrievableLine> {
  return { ...toldTask(task), until: iso(until) };
}

export function toldChange({ seenAt, ...change }: ChangeLine): Told<ChangeLine> {
  return { ...change, seenAt: iso(seenAt) };
}

export function toldGroup({ firstPostedAt, lastPostedAt, ...group }: DuplicateGroup): Told<DuplicateGroup> {
  return { ...group, firstPostedAt: iso(firstPostedAt), lastPostedAt: iso(lastPostedAt) };
}

export function toldDoubt({ seenAt, since, until, ...doubt }: DoubtLine): Told<DoubtLine> {
  return { ...doubt, seenAt: iso(seenAt), since: isoOrNull(since), until: isoOrNull(until) };
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
