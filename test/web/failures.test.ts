import { describe, expect, it } from 'vitest';
import { CODES } from '../../src/domain/codes.ts';
import { failedTasks, lastFailureWords } from '../../src/web/failures.ts';
import { statusInWords, valueInWords } from '../../src/web/status-words.ts';

describe('the words of the failures', () => {
  it('tell how many tasks failed, or alone that none did', () => {
    expect([0, 1, 1_455].map((tasks) => failedTasks(tasks, true))).toEqual([
      'No task on record has failed.',
      '1 task failed',
      '1,455 tasks failed',
    ]);
  });

  it('tell that there may be more where not all of the time is read', () => {
    expect([0, 7].map((tasks) => failedTasks(tasks, false))).toEqual([
      'No task on record has failed so far; not all of this time is read.',
      '7 tasks failed so far; not all of this time is read',
    ]);
  });

  const failure = { at: '2026-11-27T20:29:40Z', code: '40200', message: 'Payment Required.' };

  it('tell the last call that failed, with what was said', () => {
    expect(lastFailureWords({ lastFailure: null, reason: '' })).toBe('No call to DataForSEO has failed.');
    expect(lastFailureWords({ lastFailure: failure, reason: 'everything is read' })).toBe(
      'The last call to DataForSEO that failed: 40200 at 2026-11-27 20:29:40 (Payment Required).',
    );
  });

  it('do not say again what already is the reason of the state', () => {
    const reason = 'POST /v3/backlinks/id_list failed (HTTP 402, 40200): Payment Required. Add funds.';
    expect(lastFailureWords({ lastFailure: failure, reason })).toBe(
      'The last call to DataForSEO that failed: 40200 at 2026-11-27 20:29:40.',
    );
  });

  it('have the words of a code where nothing was said', () => {
    const of = (code: string) => lastFailureWords({ lastFailure: { ...failure, code, message: '' }, reason: '' });
    expect(of('50401')).toMatch(/50401 at .* \(Internal Error: Timeout\)\.$/);
    expect(of('timeout')).toBe('The last call to DataForSEO that failed: timeout at 2026-11-27 20:29:40.');
  });
});

describe('a status', () => {
  it('that is a bare code has its words', () => {
    expect(['40501', ' 50000 ', '40103'].map(statusInWords)).toEqual([
      '40501 Invalid Field',
      '50000 Internal Error',
      '40103 Task Execution Failed',
    ]);
  });

  it('that has words, or a code that nobody knows, stays as it is', () => {
    for (const status of [
      'constructor',
      'toString',
      '__proto__',
      '40501 Invalid Field: target',
      'Task In Queue',
      '49999',
      '',
      null,
    ])
      expect(statusInWords(status)).toBe(status);
  });

  it('has words for every code that the client knows', () => {
    for (const code of CODES.keys()) expect(statusInWords(String(code))).toMatch(/^\d{5} \S/);
  });

  it('has them also as what has changed, other fields have not', () => {
    expect([valueInWords('status', '40602'), valueInWords('cost', '20000')]).toEqual(['40602 Task In Queue', '20000']);
  });
});
