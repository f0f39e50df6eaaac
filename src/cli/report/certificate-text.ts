import type { Certificate, CertificateOfApi } from '../../domain/certificate.ts';
import {
  CERTIFICATE_MEANING,
  cautionsOf,
  factsOfApi,
  headOf,
  verdictOf,
  verdictOfApi,
} from '../../domain/certificate-words.ts';
import { count } from '../format.ts';

/** Of each kind of stretch so many are told; JSON has them all. */
const MOST_SHOWN = 20;
const LABEL_WIDTH = 16;

/** The certificate to be printed or signed, for readers who know nothing of this program. */
export function certificateText(certificate: Certificate): readonly string[] {
  const { apis } = certificate;
  return [
    'CERTIFICATE OF COVERAGE',
    'of the record of tasks that a DataForSEO account has run',
    '',
    inCapitals(verdictOf(certificate).text),
    '',
    ...headOf(certificate).map(([label, text]) => labelled(label, text)),
    ...apis.flatMap(apiText),
    '',
    ...CERTIFICATE_MEANING,
  ];
}

function labelled(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${text}`;
}

function apiText(api: CertificateOfApi): string[] {
  const facts = factsOfApi(api);
  return [
    '',
    `API ${api.api}: ${inCapitals(verdictOfApi(api).text)}`,
    ...facts.flatMap(({ label, text, stretches }) => [labelled(label, text), ...some(stretches)]),
    ...cautionsOf(api).map((caution) => labelled('Careful', caution)),
  ];
}

/** The verdict itself, which nobody should overlook. */
function inCapitals(text: string): string {
  return text.replace(/^[^:,]+/, (verdict) => verdict.toUpperCase());
}

function some(told: readonly string[]): string[] {
  const indent = ' '.repeat(LABEL_WIDTH);
  const rest = told.length - MOST_SHOWN;
  return [
    ...told.slice(0, MOST_SHOWN).map((one) => `${indent}- ${one}`),
    ...(rest > 0 ? [`${indent}… and ${count(rest)} more (--format json has all)`] : []),
  ];
}
