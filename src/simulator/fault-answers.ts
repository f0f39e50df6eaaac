import { type Answer, enlarged, envelopeAnswer, type Frame, pageAnswer, silence, taskAnswer } from './answer.ts';
import type { FaultRule } from './faults.ts';

/** The answer of a fault that leaves no room for the true one; null where the true one is given, spoilt or not. */
export function faultAnswer(frame: Frame, rule: FaultRule): Answer | null {
  switch (rule.fault) {
    case 'http500':
      return envelopeAnswer(frame, { code: 50000, http: 500 });
    case 'http502':
      return pageAnswer(502, '502 Bad Gateway', 'http502');
    case 'http503':
      return pageAnswer(503, '503 Service Temporarily Unavailable', 'http503');
    case 'http429':
      return tooMany(rule);
    case 'http402':
      return envelopeAnswer(frame, { code: 40200, http: 402 });
    case 'reset':
    case 'hang':
      return silence(rule.fault);
    case 'html':
      return pageAnswer(200, 'Under maintenance', 'html');
    case 'envelope50000':
      return envelopeAnswer(frame, { code: 50000 });
    case 'envelope40202':
      return envelopeAnswer(frame, { code: 40202 });
    case 'task50401':
      return taskAnswer(frame, { code: 50401, count: 0 }, null);
    case 'task40202':
      return taskAnswer(frame, { code: 40202, count: 0 }, null);
    case 'slow':
    case 'cut':
    case 'truncated':
    case 'huge':
    case 'wrong_shape':
    case 'empty_ok':
    case 'lie_result_count':
    case 'drop_row':
    case 'repeat_row':
    case 'wrong_echo':
      return null;
    default:
      return coded(frame, rule, Number(rule.fault.slice('code:'.length)));
  }
}

/** The rows of a page under a fault that touches them. */
export function spoilRows(indices: readonly number[], rule: FaultRule | null): readonly number[] {
  const middle = Math.floor(indices.length / 2);
  const fault = rule?.fault;
  if (fault === 'empty_ok') return [];
  if (fault === 'drop_row') return indices.toSpliced(middle, 1);
  if (fault === 'repeat_row' && indices.length > 1) return indices.with(middle, indices[middle - 1] ?? 0);
  return indices;
}

/** The answer with these rows, under a fault that touches the answer. */
export function spoil(frame: Frame, count: number, rows: Iterable<string> | null, rule: FaultRule | null): Answer {
  const good = { code: 20000, count };
  const fault = rule?.fault;
  if (fault === 'wrong_shape') return { ...taskAnswer(frame, good, ['{"items":"of another kind"}']), code: fault };
  if (fault === 'lie_result_count') return taskAnswer(frame, { ...good, count: count + 1 }, rows);
  if (fault === 'wrong_echo')
    return taskAnswer({ ...frame, raw: { ...frame.raw, offset: 999_999, limit: 7 } }, good, rows);
  const answer = taskAnswer(frame, good, rows);
  if (fault === 'cut' || fault === 'truncated') return { ...answer, ending: fault, code: fault };
  return fault === 'huge' ? enlarged(answer, rule?.bytes ?? 0) : answer;
}

function coded(frame: Frame, rule: FaultRule, code: number): Answer {
  const outcome = rule.message === undefined ? { code } : { code, message: rule.message };
  return rule.level === 'envelope' ? envelopeAnswer(frame, outcome) : taskAnswer(frame, { ...outcome, count: 0 }, null);
}

function tooMany({ retryAfterSeconds }: FaultRule): Answer {
  const answer = pageAnswer(429, '429 Too Many Requests', 'http429');
  if (retryAfterSeconds === null) return answer;
  return { ...answer, headers: { ...answer.headers, 'Retry-After': String(retryAfterSeconds) } };
}
