/** What DataForSEO calls its codes (https://docs.dataforseo.com/v3/appendix/errors), as short as a table needs it. */
const WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    20000: 'Ok',
    20100: 'Task Created',
    40000: 'Only One Task at a Time',
    40006: 'More Than 100 Tasks',
    40100: 'Not Authorized',
    40101: 'Internal SE Server Error',
    40102: 'No Search Results',
    40103: 'Task Execution Failed',
    40104: 'Account Not Verified',
    40106: 'Partial Results',
    40200: 'Payment Required',
    40201: 'Account Blocked',
    40202: 'Rate Limit Exceeded',
    40204: 'Access Denied: No Subscription',
    40207: 'Access Denied: IP Not Whitelisted',
    40209: 'Too Many Simultaneous Queries',
    40210: 'Insufficient Funds',
    40400: 'Not Found',
    40402: 'Invalid Path',
    40501: 'Invalid Field',
    40502: 'POST Data Is Empty',
    40503: 'POST Data Is Invalid',
    40506: 'Unknown Fields in POST Data',
    40601: 'Task Handed',
    40602: 'Task In Queue',
    50000: 'Internal Error',
    50001: 'Error While Checking the Balance',
    50100: 'Not Implemented',
    50301: '3rd Party API Service Unavailable',
    50303: 'Update in Progress',
    50304: 'Function Temporarily Unavailable',
    50401: 'Internal Error: Timeout',
  }),
);

/** The old or new value of a field that has changed. */
export function valueInWords(field: string, value: string | null): string | null {
  return field === 'status' ? statusInWords(value) : value;
}

/** A status with its words: where it is a bare code they are added, as far as they are known; what has words stays to the letter. */
export function statusInWords(status: string | null): string | null {
  const code = status?.trim() ?? '';
  const words = WORDS.get(code);
  return words === undefined ? status : `${code} ${words}`;
}
