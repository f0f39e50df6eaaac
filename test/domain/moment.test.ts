import { describe, expect, it } from 'vitest';
import { parseMoment } from '../../src/domain/moment.ts';

const AT = Date.UTC(2026, 2, 1, 12, 57, 46);

describe('a moment as people type it', () => {
  it.each([
    ['2026-03-01 12:57:46', AT],
    ['2026-03-01T12:57:46Z', AT],
    ['2026-03-01t12:57:46.999z', AT],
    ['2026-03-01 12:57:46 +00:00', AT],
    ['2026-03-01T14:57:46+02:00', AT],
    ['2026-03-01T14:57:46+0200', AT],
    [' 2026-03-01 12:57 ', AT - 46_000],
    ['2026-03-01', Date.UTC(2026, 2, 1)],
    [String(AT / 1000), AT],
    ['0', 0],
  ])('%j is read as UTC', (text, at) => {
    expect(parseMoment(text)).toBe(at);
  });

  it.each([
    '',
    'yesterday',
    '2026-02-30',
    '2026-13-01',
    '2026-03-01 25:00:00',
    '01262030-4426-0139-0000-50c0b9a6c886',
    '123456789012',
  ])('%j is none', (text) => {
    expect(parseMoment(text)).toBeNull();
  });
});
