import { describe, expect, it } from 'vitest';
import { expiringOf, expiryCaption } from '../../src/web/expiry.ts';

const NOW = Date.UTC(2026, 5, 1);
const HOUR = 3_600_000;
const iso = (at: number) => new Date(at).toISOString();
const gap = (since: number, until: number, expiresAt = NOW + HOUR) => ({
  grade: 'ids' as const,
  since: iso(since),
  until: iso(until),
  expiresAt: iso(expiresAt),
});

function expiring(gaps: readonly ReturnType<typeof gap>[], willExpire: readonly ReturnType<typeof gap>[] = []) {
  const coverage = { since: iso(0), until: iso(NOW), complete: false, gaps, losses: [], unsettled: [] };
  const backlog = {
    calls: 1,
    coveredShare: 0.5,
    etaSeconds: 6,
    exact: true,
    willExpire: willExpire.map((stretch) => ({ ...stretch, api: 'serp', reason: 'too much' })),
  };
  return expiringOf({ at: iso(NOW), coverage: { serp: coverage }, backlog }).map(({ since, isDoomed }) => [
    since,
    isDoomed,
  ]);
}

describe('what expires when', () => {
  it('is every gap by its deadline, also before the newest tasks have been read', () => {
    const [later, sooner] = [gap(NOW - 9 * HOUR, NOW - 8 * HOUR, NOW + 2 * HOUR), gap(NOW - 3 * HOUR, NOW)];
    expect(expiring([later, sooner])).toEqual([
      [sooner.since, false],
      [later.since, false],
    ]);
  });

  it('is nothing of the newest ten minutes', () => {
    expect(expiring([gap(NOW - 600_000, NOW)])).toEqual([]);
    expect(expiring([gap(NOW - 600_001, NOW)])).toHaveLength(1);
  });

  it('names a gap once that will not be read in time', () => {
    const doomed = gap(NOW - 9 * HOUR, NOW - 5 * HOUR);
    const inside = gap(NOW - 8 * HOUR, NOW - 6 * HOUR);
    const beyond = gap(NOW - 7 * HOUR, NOW - 4 * HOUR);
    expect(expiring([inside, beyond], [doomed])).toEqual([
      [doomed.since, true],
      [beyond.since, false],
    ]);
  });

  it('is promised to be read in time only while somebody reads who knows how much there is', () => {
    expect(expiryCaption('goes_on', false)).toBe('All of this is read before it leaves the window.');
    for (const outlook of ['unknown', 'waits', 'refused', 'parked', 'stopped'] as const)
      expect(expiryCaption(outlook, false)).not.toContain('All of this is read before');
  });

  it('is called lost only where nobody can save it', () => {
    for (const outlook of ['goes_on', 'unknown'] as const)
      expect(expiryCaption(outlook, true)).toBe(
        'What is marked leaves the window before it can be read, second by second.',
      );
    for (const outlook of ['waits', 'refused', 'parked', 'stopped'] as const)
      expect(expiryCaption(outlook, true)).toMatch(/^What is marked is lost second by second, unless/);
  });
});
