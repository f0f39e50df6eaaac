import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { sendTrial } from '../alerts/trial.ts';
import type { DoctorWish } from '../cli/app-port.ts';
import { isLoopbackHost } from '../config/address.ts';
import type { Config } from '../config.ts';
import { readUserData } from '../dataforseo/user-data.ts';
import { accountFindings, refusalFindings } from '../checks/account-checks.ts';
import { checkFileSystem, checkFolder, checkWal, checkToken } from '../checks/file-checks.ts';
import {
  checkDisk,
  checkLock,
  checkPages,
  doubtsFinding,
  ledgerFinding,
  lookAtLedger,
  type LookedAt,
} from '../checks/ledger-checks.ts';
import { checkPage, checkReceiver } from '../checks/network-checks.ts';
import { checkVersions } from '../checks/versions.ts';
import { fail, ok, skipped, type Check, type Diagnosis, type Finding } from '../domain/diagnosis.ts';
import { DataForSeoError } from '../domain/errors.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { checkAccount } from '../ledger/account.ts';
import { openForReading } from '../ledger/database.ts';
import { lookThrough } from '../ledger/health.ts';
import { isHeld, pidOfHolder } from '../ledger/lock.ts';
import { sqliteVersion } from '../ledger/sqlite-version.ts';
import { status } from './answers.ts';
import type { Parts } from './parts.ts';

/** Looks at everything that keeps a ledger from being kept. Beside a daemon and without one; changes nothing. @throws `signal.reason` when aborted, nothing else. */
export async function doctor(parts: Parts, wish: DoctorWish, signal: AbortSignal): Promise<Diagnosis> {
  const { config, seams } = parts;
  const account = await askAccount(parts, signal);
  const findings = [
    settings(config, wish),
    await look('versions', () => checkVersions(seams.version, sqliteVersion())),
    ...(await fileFindings(parts, signal)),
    ...account.findings,
    await look('page', () => page(parts)),
    await look('token', () => token(config, wish)),
    await look('alerts', () => alerts(parts, wish, signal)),
    checkReceiver('heartbeat', config.heartbeatUrl?.reveal() ?? null, HEARTBEAT),
  ];
  return {
    ok: findings.every(({ verdict }) => verdict !== 'fail'),
    at: new Date(seams.clock.now()).toISOString(),
    version: seams.version,
    refused: account.refused,
    findings,
  };
}

/** What fails in an unforeseen way is a finding too, not the end of the others. */
async function look(check: Check, find: () => Finding | Promise<Finding>): Promise<Finding> {
  try {
    return await find();
  } catch (error) {
    return fail(check, error instanceof Error ? error.message : String(error), 'Look at what the message names.');
  }
}

function settings({ apis, databasePath }: Config, { problems }: DoctorWish): Finding {
  if (problems.length === 0) return ok('settings', `Right; APIs: ${apis.join(', ')}; ledger: ${databasePath}.`);
  return fail('settings', problems.join(' '), 'Correct what is named; --help lists every setting.');
}

/** What 5 GB take on two busy cores; who waits longer takes the doctor for hung. */
const PAGES_BOX_MS = 30_000;

async function fileFindings(parts: Parts, signal: AbortSignal): Promise<Finding[]> {
  const path = parts.config.databasePath;
  const looked = lookAtLedger(() => ownSnapshot(parts));
  return [
    await look('folder', () => checkFolder(path)),
    await look('file system', () => checkFileSystem(path)),
    ledgerFinding(looked, path),
    await pages(looked, path, signal),
    doubtsFinding(looked),
    await look('lock', () => checkLock(path)),
    await look('wal', () => checkWal(path)),
    await look('disk', () => checkDisk(looked, path)),
  ];
}

async function pages(looked: LookedAt, path: string, signal: AbortSignal): Promise<Finding> {
  const lookAtPages = () => lookThrough({ path, depth: 'quick', boxMs: PAGES_BOX_MS }, signal);
  const finding = await look('file', () => checkPages(looked, lookAtPages));
  signal.throwIfAborted();
  return finding;
}

/** @throws {LedgerError} also where the ledger belongs to another login. */
function ownSnapshot(parts: Parts): Snapshot {
  const { databasePath, credentials } = parts.config;
  const database = openForReading(databasePath);
  try {
    if (credentials !== null) checkAccount(database, credentials.login);
  } finally {
    database.close();
  }
  return status(parts);
}

type Asked = { readonly findings: readonly Finding[]; readonly refused: boolean };

async function askAccount({ config, seams }: Parts, signal: AbortSignal): Promise<Asked> {
  const { credentials, url, timeoutMs } = config;
  if (credentials === null)
    return { findings: [skipped('account', 'Not asked: there are no credentials.')], refused: false };
  const { login, password } = credentials;
  const { fetch, clock, version } = seams;
  const own = { login, password: password.reveal() };
  const userAgent = `dataforseo-ledger/${version}`;
  try {
    const data = await readUserData({ baseUrl: url, credentials: own, fetch, clock, timeoutMs, userAgent }, signal);
    return { findings: accountFindings(data, clock.now()), refused: false };
  } catch (error) {
    const refused = error instanceof DataForSeoError && error.code.endsWith('refused');
    signal.throwIfAborted();
    return { findings: refusalFindings(error), refused };
  }
}

function page({ config: { http, databasePath }, seams }: Parts): Promise<Finding> {
  const isRunning = isHeld(databasePath);
  return checkPage(http, { isRunning, pid: pidOfHolder(databasePath, hostname()), fetch: seams.fetch });
}

function token({ http, databasePath }: Config, { problems }: DoctorWish): Finding {
  // Then no secret was read.
  if (problems.length > 0) return skipped('token', 'Not looked at while the settings are wrong.');
  const where = { isSet: http.token !== null, isLoopback: isLoopbackHost(http.host) };
  return checkToken(join(dirname(databasePath), 'http-token'), where);
}

const ALERTS = {
  setting: 'LEDGER_ALERT_URL',
  without: 'Nobody is told when the daemon parks, falls behind or is about to lose something',
};
const HEARTBEAT = { setting: 'LEDGER_HEARTBEAT_URL', without: 'Nobody watches whether the daemon still reads' };

async function alerts({ config, seams }: Parts, wish: DoctorWish, signal: AbortSignal): Promise<Finding> {
  const url = config.alertUrl?.reveal() ?? null;
  if (!wish.sendTestAlert) return checkReceiver('alerts', url, ALERTS);
  if (url === null) return fail('alerts', 'No trial was sent: LEDGER_ALERT_URL is not set.', 'Set it.');
  const { fetch, clock, version } = seams;
  const reached = await sendTrial({ fetch, clock, url, sender: { host: hostname(), version } }, signal);
  if (reached.ok) return ok('alerts', 'The receiver has taken a trial.');
  const why = reached.status === null ? reached.why : `HTTP ${reached.status}`;
  return fail(
    'alerts',
    `The receiver has not taken a trial (${why}).`,
    'Check LEDGER_ALERT_URL and whether it can be reached from here.',
  );
}
