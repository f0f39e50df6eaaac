import type { Sender } from './letter.ts';
import { reach, type Reached, type ReachDeps } from './reach.ts';

/** Posts an alert that says that it is none, once. */
export async function sendTrial(
  deps: ReachDeps & { readonly url: string; readonly sender: Pick<Sender, 'host' | 'version'> },
  signal: AbortSignal,
): Promise<Reached> {
  const { host, version } = deps.sender;
  const text = `dataforseo-ledger on ${host}: this is a trial. Alerts arrive here.`;
  const json = JSON.stringify({ text, alert: 'trial', status: 'raised', severity: 'warning', host, version });
  return await reach(deps, deps.url, { method: 'POST', json }, signal);
}
