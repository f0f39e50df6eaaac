/** DataForSEO's own words for its codes (https://docs.dataforseo.com/v3/appendix/errors). */
const MESSAGES: Readonly<Record<number, string>> = {
  20000: 'Ok.',
  20100: 'Task Created.',
  40000: 'You can set only one task at a time.',
  40006: 'You can set no more than 100 tasks at a time.',
  40100:
    'You are not authorized to access this resource. See your login details here: https://app.dataforseo.com/api-access .',
  40102: 'No Search Results.',
  40103: 'Task execution failed, please try to resubmit the task.',
  40104: 'Please visit your profile and verify your account before using the API.',
  40106: 'Partial Results.',
  40200: 'Payment Required.',
  40201:
    'Our algorithms found suspicious activity in your DataForSEO account. It has been temporarily blocked. For further details please contact our support team.',
  40202: 'The rate-limit per minute has been exceeded.',
  40204: 'Access denied. Visit Plans and Subscriptions to activate your subscription and get access to this API.',
  40207: 'Access denied. Your IP is not whitelisted.',
  40209: 'Too many simultaneous queries.',
  40210: 'Insufficient Funds.',
  40400: 'Not Found.',
  40402: 'Invalid Path.',
  40501: 'Invalid Field.',
  40502: 'POST Data Is Empty.',
  40503: 'POST Data Is Invalid.',
  40506: 'Unknown Fields in POST Data.',
  40601: 'Task Handed.',
  40602: 'Task In Queue.',
  50000: 'Internal Error.',
  50001: 'Error While Checking the Balance.',
  50100: 'Not Implemented.',
  50301: '3rd Party API Service Unavailable.',
  50303: 'Update in progress. Please try after a few minutes.',
  50304: 'This function temporarily unavailable. Please contact support for more information.',
  50401: 'Internal Error - Timeout.',
};

export function messageOf(code: number): string {
  return MESSAGES[code] ?? `Unknown Error ${code}.`;
}
