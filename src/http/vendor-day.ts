import type { VendorDay } from '../domain/reconciliation.ts';
import { SECOND_MS, type Clock } from '../time.ts';

/** The vendor takes six of these calls a minute, from all who ask; two leave room for the command line. */
const KEPT_MS = 30 * SECOND_MS;

/** `askedAt`: this machine's clock, epoch ms. */
export type AskedVendorDay = { readonly askedAt: number; readonly vendor: VendorDay };

/** What was told is told again for half a minute, also that it failed, however many ask. */
export function keepVendorDay(
  ask: () => Promise<VendorDay>,
  clock: Pick<Clock, 'monotonic' | 'now'>,
): () => Promise<AskedVendorDay> {
  let kept: { readonly since: number; readonly answer: Promise<AskedVendorDay> } | null = null;
  const askNow = async (): Promise<AskedVendorDay> => {
    const askedAt = clock.now();
    return { askedAt, vendor: await ask() };
  };
  return () => {
    const now = clock.monotonic();
    if (kept === null || now - kept.since >= KEPT_MS) kept = { since: now, answer: askNow() };
    return kept.answer;
  };
}
