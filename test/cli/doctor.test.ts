import { describe, expect, it } from 'vitest';
import type { DoctorWish } from '../../src/cli/app-port.ts';
import type { Diagnosis } from '../../src/domain/diagnosis.ts';
import { ACCOUNT, cli, DIAGNOSED } from './fakes.ts';

/** What was wished, and how it ended. */
async function doctor(args: readonly string[], over: Partial<Diagnosis> = {}, env: Record<string, string> = ACCOUNT) {
  const wishes: DoctorWish[] = [];
  const app = {
    doctor: (wish: DoctorWish) => {
      wishes.push(wish);
      return Promise.resolve({ ...DIAGNOSED, ...over });
    },
  };
  return { ...(await cli(['doctor', ...args], { app, env })), wish: wishes[0] };
}

const FAILED = { check: 'account', verdict: 'fail', found: 'No.', todo: 'Pay.' } as const;

describe('doctor', () => {
  it('lists what it finds, and what to do about it', async () => {
    const { code, stdout } = await doctor([], { ok: false, findings: [...DIAGNOSED.findings, FAILED] });
    expect(stdout.split('\n')).toEqual([
      'ok    settings     Right.',
      'WARN  disk         Low.',
      '                   -> Make room.',
      'FAIL  account      No.',
      '                   -> Pay.',
      '',
      '1 check failed, 1 to look at.',
      '',
    ]);
    expect(code).toBe(1);
  });

  it('calls well what has notes, and counts them', async () => {
    const note = { check: 'alerts', verdict: 'note', found: 'Nobody is told.', todo: null } as const;
    const [settings] = DIAGNOSED.findings;
    const well = await doctor([], { findings: [settings!, note] });
    expect(well.stdout.split('\n').slice(1)).toEqual([
      'note  alerts       Nobody is told.',
      '',
      'All is well; 1 note.',
      '',
    ]);
    expect(well.code).toBe(0);
    const failed = await doctor([], { ok: false, findings: [FAILED, note, { ...note, check: 'heartbeat' }] });
    expect(failed.stdout).toContain('\n1 check failed; 2 notes.\n');
  });

  it('says on a terminal why nothing comes yet, and elsewhere nothing', async () => {
    const shown = '\r\u001b[Klooking at everything, at a large file for half a minute at the most\r\u001b[K';
    expect((await cli(['doctor'], { isTTY: true })).stderr).toBe(shown);
    expect((await cli(['doctor'])).stderr).toBe('');
  });

  it('ends with 0 when nothing fails, and with 3 when the account is refused', async () => {
    expect((await doctor([])).code).toBe(0);
    expect((await doctor([], { ok: false, refused: true })).code).toBe(3);
  });

  it('without credentials looks at the rest and ends with 2', async () => {
    const { code, wish, config } = await doctor([], {}, {});
    expect(code).toBe(2);
    expect(wish?.problems.join()).toContain('DATAFORSEO_LOGIN is not set');
    expect(config?.credentials).toBeNull();
  });

  it('with other wrong settings ends with 2 and says all that is wrong', async () => {
    const { code, stderr, wish } = await doctor(['--lag', 'soon'], {}, {});
    expect([code, wish]).toEqual([2, undefined]);
    expect(stderr).toContain('--lag');
  });

  it('prints the whole with --json', async () => {
    expect(JSON.parse((await doctor(['--json'])).stdout)).toEqual(DIAGNOSED);
  });

  it('sends a trial only when it is told to', async () => {
    expect((await doctor([])).wish?.sendTestAlert).toBe(false);
    expect((await doctor(['--send-test-alert'])).wish?.sendTestAlert).toBe(true);
  });

  it('prints no secret that a finding repeats', async () => {
    const findings = [{ ...FAILED, found: `the password ${ACCOUNT.DATAFORSEO_PASSWORD}` }];
    expect((await doctor([], { findings })).all).not.toContain(ACCOUNT.DATAFORSEO_PASSWORD);
  });

  it('prints JSON whatever the password is', async () => {
    for (const password of ['e', '"', ':', 'ok']) {
      const findings = [{ ...FAILED, found: `say ${password}` }];
      const { stdout } = await doctor(['--json'], { findings }, { ...ACCOUNT, DATAFORSEO_PASSWORD: password });
      expect(JSON.parse(stdout), password).toMatchObject({ ok: true, findings: [{ found: 'say [secret]' }] });
    }
  });
});
