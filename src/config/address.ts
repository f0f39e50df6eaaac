import { isIPv4, isIPv6 } from 'node:net';

/** An address that was read, or what would have been right, as the end of a sentence. */
export type AddressReading = { readonly url: URL } | { readonly wrong: string };

/** True where a call never leaves this machine: there no password can leak and no budget is DataForSEO's. */
export function isLoopback(url: URL): boolean {
  const host = url.hostname.replace(/\.$/, '');
  if (host === 'localhost' || host.endsWith('.localhost') || host === '[::1]') return true;
  return isIPv4(host) && host.startsWith('127.');
}

/** Reads an http or https address. One that holds a user name is refused: it would end up in logs, and `fetch` refuses it anyway. */
export function readAddress(text: string): AddressReading {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return { wrong: 'it must be an address that begins with https:// or http://' };
  }
  if (url.username !== '' || url.password !== '') {
    return { wrong: 'it must not hold a user name or a password' };
  }
  return { url };
}

/** The address of the API: the password travels with every call, so beyond this machine only https will do. */
export function readApiAddress(text: string): AddressReading {
  const reading = readAddress(text);
  if ('wrong' in reading) return reading;
  if (reading.url.protocol !== 'https:' && !isLoopback(reading.url)) {
    return {
      wrong: 'it must begin with https://, because the password travels with every call (http:// is for loopback only)',
    };
  }
  if (reading.url.search !== '' || reading.url.hash !== '') {
    return { wrong: 'it must end before the first ? or #' };
  }
  return reading;
}

/** True where only programs of this machine can come from. @param host - A name or an IP address, as `LEDGER_HTTP_HOST` has it. */
export function isLoopbackHost(host: string): boolean {
  const url = URL.parse(`http://${hostInUrl(host)}/`);
  return url !== null && isLoopback(url);
}

/** Where to ask on this machine what listens there: who listens everywhere is asked on loopback. */
export function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return /^[0:]+$/.test(host) ? '::1' : host;
}

/** As it stands in an address: an IPv6 address has brackets there. */
export function hostInUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
