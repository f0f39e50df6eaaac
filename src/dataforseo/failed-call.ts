import { DataForSeoError } from '../domain/errors.ts';
import { withoutGaps } from '../domain/wording.ts';
import type { ConcludedFailure } from './conclude.ts';

type FailedCall = {
  /** `POST /v3/backlinks/id_list` */
  readonly name: string;
  readonly conclusion: ConcludedFailure;
  /** Fit to be shown; null or empty for none. */
  readonly message: string | null;
  /** The journal's id, for a call that has one. */
  readonly callId?: number;
};

/** The message is one that is fit to be shown; no foreign error goes along as cause, for it may hold anything. */
export function failedCall({ name, conclusion, message, callId }: FailedCall): DataForSeoError {
  const { refusal, code, statusCode, httpStatus, retryAfterMs, overlong = false } = conclusion;
  const codes = [httpStatus === null ? null : `HTTP ${httpStatus}`, code].filter((each) => each !== null);
  const text = message === null || message === '' ? '' : `: ${withoutGaps(message)}`;
  return new DataForSeoError(refusal.outcome, `${name} failed (${codes.join(', ')})${text}`, {
    statusCode,
    httpStatus,
    tooLarge: refusal.tooLarge,
    overlong,
    ...(callId === undefined ? {} : { callId }),
    ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  });
}
