/** The name of an endpoint as the ledger has it, from any form in which people know it: `https://host/v3/…`, `/v3/…`, `v3/…`. */
export function endpointName(text: string): string {
  return text
    .trim()
    .replace(/^(?:https?:\/\/[^/]+)?\/*(?:v3\/+)?/, '')
    .replace(/\/+$/, '');
}
