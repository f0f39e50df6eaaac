import { firstReading } from '../../src/domain/evidence.ts';
import type { Walk, WalkPlan } from '../../src/domain/walk.ts';

/** A walk that has just begun, with whatever a test says of it. */
export function begunWalk(plan: WalkPlan & Partial<Walk>): Walk {
  return {
    id: 7,
    failedLimit: null,
    pagesSinceFailed: 0,
    reading: firstReading(),
    firstPageAt: null,
    finishedRows: 0,
    describedRows: 0,
    firstPostedAt: null,
    lastPostedAt: null,
    failures: 0,
    retryAt: null,
    failure: null,
    firstCall: null,
    lastCall: null,
    calls: 0,
    doubts: 0,
    found: 0,
    ...plan,
  };
}
