import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvEncoder } from '../../../src/cli/export/encoders.ts';

it('CSV is what the library makes of it, whatever is in a field', async () => {
  const text = fc.oneof(
    fc.constantFrom('', '=1', '-x', '+', '@', '\t', '\r', '\n', ' ', '"', "'", '{"a":"b"}', '[1,2]', '{', '＝1', '[=', 'a,b', '1\n2', '{\r'),
    fc.string(),
  ); // prettier-ignore
  const value = fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.constant(null));
  const pages = fc.array(fc.array(value, { minLength: 2, maxLength: 6 }), { minLength: 1, maxLength: 8 });
  const options = {
    escape_formulas: true,
    cast: { string: (each: string) => (each === '' ? { value: each, quoted_empty: true } : each) },
  };
  await fc.assert(
    fc.asyncProperty(pages, async (rows) => {
      const written: (string | Uint8Array)[] = [];
      const sink = {
        write: (bytes: string | Uint8Array) => Promise.resolve(void written.push(bytes)),
        commit: () => Promise.resolve(),
        discard: () => Promise.resolve(),
      };
      const encoder = await csvEncoder(sink);
      await encoder.add(rows);
      await encoder.end();
      expect(written.slice(1).join('')).toBe(stringify(rows, options));
    }),
    { numRuns: 300 },
  );
});
