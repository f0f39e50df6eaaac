import type { MetadataState } from './merge-task.ts';

/** Why the tag and the target of a task are not known; null: they are, and where there is none the task had none. */
export function whyUnknown(state: MetadataState): string | null {
  switch (state) {
    case 'held':
      return null;
    case 'pending':
      return 'metadata not read yet';
    case 'none':
      return 'listed without metadata';
    case 'lost':
      return 'metadata no longer listed';
  }
}
