import { classifyAnswer } from '../domain/codes.ts';
import type { Db } from './database.ts';

/** So many answers that say neither, failures of the server among them, may have come since; more than that are of days. */
const MOST = 200;

/**
 * @returns What tells whether DataForSEO has answered a call well since it last refused one. Calls that nobody answered, and
 * failures, say neither; false where the journal says neither. It goes by the order of the calls: no clock can lead it astray.
 */
export function createNewestWord(database: Db): () => boolean {
  const answers = database.prepare<[number], { readonly httpStatus: number; readonly code: unknown }>(
    'select http_status as httpStatus, code from call where http_status is not null order by id desc limit ?',
  );
  return () => {
    for (const { httpStatus, code } of answers.all(MOST)) {
      const envelopeCode = typeof code === 'number' ? code : null;
      const { outcome } = classifyAnswer({ httpStatus, envelopeCode, taskCode: null, message: null });
      if (outcome === 'ok') return true;
      if (outcome === 'account_refused' || outcome === 'api_refused') return false;
    }
    return false;
  };
}
