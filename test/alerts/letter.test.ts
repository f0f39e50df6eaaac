import { describe, expect, it } from 'vitest';
import { letterOf } from '../../src/alerts/letter.ts';
import type { Notice } from '../../src/domain/alert-decision.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import { createScrub } from '../../src/log.ts';
import { AT, gapOf, iso, lateSnapshot, MINUTE, TERMS, wellSnapshot } from './pictures.ts';

const SECRET = 'p&ss<w>rd@here';
const sender = { host: 'vessel-1', version: '9.9.9', scrub: createScrub([SECRET]), madeAt: AT };

function messageOf(notice: Partial<Notice>, snapshot: Snapshot): Record<string, unknown> {
  const whole: Notice = {
    kind: 'parked',
    api: null,
    status: 'raised',
    severity: 1,
    since: AT - 125 * MINUTE,
    at: AT,
    more: 0,
    ...notice,
  };
  const newestDoubts = (most: number) => [
    { kind: 'unlisted', count: most - 1 },
    { kind: 'moved', count: 1 },
  ];
  return JSON.parse(letterOf(whole, { snapshot, terms: TERMS, newestDoubts }, sender).body) as Record<string, unknown>;
}

const refused = (reason: string) => wellSnapshot({ state: 'parked', reason });
const textOf = (reason: string) => String(messageOf({}, refused(reason))['text']);

describe('the message', () => {
  it('says what is wrong since when, what comes of it, and what to do', () => {
    const { coverage } = wellSnapshot();
    const gaps = [gapOf(AT - 1e9, AT - 9e8, AT + 5 * 60 * MINUTE), gapOf(AT - 8e8, AT - 7e8)];
    const snapshot = {
      ...refused('HTTP 401, 40100: no. Check the password'),
      coverage: { backlinks: { ...coverage['backlinks']!, gaps } },
    };
    expect(messageOf({ severity: 2 }, snapshot)).toEqual({
      text: 'dataforseo-ledger on vessel-1: parked. Nothing can be read since 2024-05-15 09:55:00 UTC. HTTP 401, 40100: no. Check the password. It asks again by itself, at least once an hour; what leaves the window meanwhile is lost. The first of it leaves at 2024-05-15 17:00:00 UTC. Do what the reason says; nothing needs to be restarted, unless a setting changes.',
      id: 'parked 2024-05-15T09:55:00Z raised 2024-05-15T12:00:00Z',
      alert: 'parked',
      status: 'raised',
      severity: 'critical',
      api: null,
      since: '2024-05-15T09:55:00Z',
      at: '2024-05-15T12:00:00Z',
      what: 'Nothing can be read since 2024-05-15 09:55:00 UTC. HTTP 401, 40100: no. Check the password.',
      then: 'It asks again by itself, at least once an hour; what leaves the window meanwhile is lost. The first of it leaves at 2024-05-15 17:00:00 UTC.',
      todo: 'Do what the reason says; nothing needs to be restarted, unless a setting changes.',
      host: 'vessel-1',
      ledger: '/data/ledger.db',
      version: '9.9.9',
    });
  });

  it('has the figures of each kind', () => {
    const late = lateSnapshot(95, { state: 'waiting', reason: 'the server cannot be reached' });
    expect(messageOf({ kind: 'behind', api: 'backlinks' }, late)).toMatchObject({
      api: 'backlinks',
      severity: 'warning',
      what: 'The ledger lags 1 h 35 min behind the tasks of backlinks, read up to 2024-05-15 10:25:00 UTC; so since 2024-05-15 09:55:00 UTC. It is waiting: the server cannot be reached.',
    });
    const { backlog } = wellSnapshot();
    const stretch = { ...gapOf(AT - 1e9, AT - 9e8), api: 'serp', expiresAt: iso(AT + 60 * MINUTE), reason: 'too much' };
    const expiring = wellSnapshot({ backlog: { ...backlog, willExpire: Array.from({ length: 5 }, () => stretch) } });
    const { what: losing } = messageOf({ kind: 'loss_ahead' }, expiring);
    expect(losing).toContain(
      'metadata of serp from 2024-05-03 22:13:20 to 2024-05-05 02:00:00 (from 2024-05-15 13:00:00 on)',
    );
    expect(losing).toContain('and 2 more, all UTC. The reason: too much.');
    expect(messageOf({ kind: 'doubt', more: 8 }, wellSnapshot({ doubts: 10 }))['what']).toBe(
      'The server contradicted itself: 8 new doubts (7 unlisted, 1 moved), 10 in all.',
    );
    const disk = { freeBytes: 5e8, totalBytes: 1e11, bytesPerDay: 5e7, daysLeft: 10, state: 'low' } as const;
    expect(messageOf({ kind: 'disk' }, wellSnapshot({ disk }))).toMatchObject({
      what: 'The disk of the ledger runs low: 500 MB of 100 GB are free.',
      then: 'The ledger grows by 50 MB a day: it lasts for 10 d. Then nothing can be saved, and so nothing is read.',
    });
  });

  it.each([
    ['parked', 'DataForSEO answers again, after 2 h 5 min. What was left is read now.'],
    ['behind', 'The ledger is current again, after 2 h 5 min.'],
    ['loss_ahead', 'Nothing of backlinks is about to be lost any more: all of it will be read in time.'],
    ['disk', 'There is room again, after 2 h 5 min: 50 GB are free.'],
  ] as const)('says that %s is over', (kind, what) => {
    const message = messageOf({ kind, status: 'recovered' }, wellSnapshot());
    expect(message).toMatchObject({ status: 'recovered', what, then: '', todo: '' });
    expect(message['text']).toMatch(/^dataforseo-ledger on vessel-1: Over: /);
  });

  it.each(['parked', 'behind'] as const)(
    'does not say that %s is over of an API that is only no longer read',
    (kind) => {
      const { what } = messageOf({ kind, api: 'serp', status: 'recovered' }, wellSnapshot());
      expect(what).toBe('serp is no longer read: it was taken out of LEDGER_APIS.');
      expect(messageOf({ kind, api: 'backlinks', status: 'recovered' }, wellSnapshot())['what']).toMatch(
        /again|current/,
      );
    },
  );

  it('does not call a loss averted that came', () => {
    const { coverage } = wellSnapshot();
    const lost = (minutesAgo: number) => ({
      ...gapOf(AT - 1e9, AT - 9e8),
      lostAt: iso(AT - minutesAgo * MINUTE),
      reason: 'left the window unread',
    });
    const snapshot = wellSnapshot({
      coverage: { backlinks: { ...coverage['backlinks']!, losses: [lost(126), lost(124)] } },
    });
    expect(messageOf({ kind: 'loss_ahead', status: 'recovered' }, snapshot)['what']).toBe(
      'Nothing more is about to be lost. 1 stretch was lost since then: see the view losses.',
    );
  });
});

describe('hostile words of the server', () => {
  it('call nobody and link nowhere in a chat', () => {
    const text = textOf('<!channel> <@U123> <https://evil.example|click> @channel @here ＠ a&b');
    expect(text).toContain(
      '&lt;!channel&gt; &lt;@\u200bU123&gt; &lt;https://evil.example|click&gt; @\u200bchannel @\u200bhere',
    );
    expect(text).toContain('a&amp;b');
    expect(text.replace(/&(amp|lt|gt);/g, '')).not.toMatch(/[<>&]|@[\p{L}\p{N}]/u);
  });

  it('stay one line of bounded length, whatever they hold', () => {
    const text = textOf(`\u202e\u0000\n\r\t\u001b[31m${'💥'.repeat(50_000)}`);
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text.length).toBeLessThan(1_600);
    expect(text.isWellFormed()).toBe(true);
  });

  it('never give a secret away, whole or in part', () => {
    for (let before = 380; before < 420; before += 1) {
      const body = JSON.stringify(messageOf({}, refused(`${'x'.repeat(before)}${SECRET} and so on`)));
      for (const part of ['p&ss', 'p&amp;ss', 'w>rd', 'w&gt;rd']) expect(body).not.toContain(part);
    }
  });
});
