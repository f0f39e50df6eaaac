import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asRow, DAY, listed, NOW, readSlice, sliceOf, tempLedger, withDatabase } from '../support/ledger.ts';

const TASKS = 20_000;
const METADATA_BYTES = 250;

describe('the file', () => {
  it(`takes at most 545 bytes a task with ${METADATA_BYTES} bytes of metadata`, () => {
    const temp = tempLedger();
    const ledger = temp.open();
    const from = NOW - 20 * DAY;
    const rows = Array.from({ length: TASKS }, (_, n) => {
      const head = `{"api":"backlinks","function":"live","target":"site-${n}.example","tag":"customer-${n % 200}","pad":"`;
      const metadata = `${head}${'x'.repeat(METADATA_BYTES - head.length - 2)}"}`;
      const id = `0515${String(1200 + (n % 60)).padStart(4, '0')}-${String(n % 9999).padStart(4, '0')}-0139-0000-${n.toString(16).padStart(12, '0')}`;
      const over = { metadata, tag: `customer-${n % 200}`, target: `site-${n}.example` };
      return asRow(listed(id, from + Math.floor((n * 15 * DAY) / TASKS / 1000) * 1000, over));
    });
    readSlice(ledger, sliceOf(from, NOW - DAY), rows);
    ledger.close();
    const bytesOf = withDatabase(temp.path, { readonly: true }, (database) =>
      database
        .prepare<[], { name: string; bytes: number }>(
          'select name, sum(pgsize) as bytes from dbstat group by name order by bytes desc limit 8',
        )
        .all(),
    );
    const parts = bytesOf.map(({ name, bytes }) => `${name} ${(bytes / TASKS).toFixed(1)}`).join(', ');
    expect(temp.value('select count(*) from tasks')).toBe(TASKS);
    expect(statSync(temp.path).size / TASKS, parts).toBeLessThanOrEqual(545);
  });
});
