import { readUserData } from '../dataforseo/user-data.ts';
import { ConfigError } from '../domain/errors.ts';
import type { VendorDay } from '../domain/reconciliation.ts';
import type { Parts } from './parts.ts';

/** Asks DataForSEO once what today has cost by its own count. @throws {DataForSeoError} @throws {ConfigError} without credentials. */
export async function askVendorDay({ config, seams }: Parts, signal: AbortSignal): Promise<VendorDay> {
  if (config.credentials === null) throw new ConfigError(['DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD must be set.']);
  const { login, password } = config.credentials;
  const { spentToday } = await readUserData(
    {
      baseUrl: config.url,
      credentials: { login, password: password.reveal() },
      fetch: seams.fetch,
      clock: seams.clock,
      timeoutMs: config.timeoutMs,
      userAgent: `dataforseo-ledger/${seams.version}`,
    },
    signal,
  );
  return { day: spentToday.day, timezone: spentToday.timezone, byApi: Object.fromEntries(spentToday.byApi) };
}
