import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parametersText } from '../../src/domain/parameters.ts';

const NOTES = ['tag', 'postback_url', 'postback_data', 'pingback_url'];

function same(a: string, b: string): boolean {
  return parametersText(a) === parametersText(b);
}

describe('parameters', () => {
  it.each([
    ['in any order', '{"a":1,"b":{"d":1,"c":2}}', '{"b":{"c":2,"d":1},"a":1}', true],
    ['whatever the tag and where the answer goes', '{"a":1,"tag":"x","postback_url":"u"}', '{"a":1,"pingback_url":"v"}', true],
    ['whatever the tag, in a list', '[{"a":1,"tag":"x"}]', '[{"tag":"y","a":1}]', true],
    ['whatever the tag, first, last or alone', '{"tag":"x","a":1,"postback_data":"y"}', '{"a":1}', true],
    ['where there are none but notes', '{"tag":"x"}', '{"postback_url":"y","tag":"z"}', true],
    ['where the tag has commas and brackets in it', '{"tag":"x,{y}]","a":1}', '{"a":1}', true],
    ['where the tag ends with a backslash or has a quote in it', '{"a":1,"tag":"x\\\\"}', '{"tag":"\\",\\"b\\":1","a":1}', true],
    ['where the tag is no text', '{"a":1,"tag":5}', '{"tag":{"a":[2]},"a":1}', true],
    ['whatever the tag behind a part inside', '{"b":{"c":1},"tag":"x"}', '{"tag":"y","b":{"c":1}}', true],
    ['where the tag is a long number', '{"a":1,"tag":"1234567890123456"}', '{"a":1,"tag":"1234567890123457"}', true],
    ['in a list of one and by themselves', '[{"a":1}]', '{"a":1}', true],
    ['whatever the tag beside a long number', '{"a":12345678901234567890,"tag":"x"}', '{"tag":"y","a":12345678901234567890}', true],
    ['whatever the tag, be it an object, where a name has a quote in it', '{"#":0,"\\"":0,"tag":{}}', '{"#":0,"\\"":0}', true],
    ['in a list of one, where one name begins like another', '[{"a":1,"a!":2}]', '{"a!":2,"a":1}', true],
    ['but not where a text holds what looks like another member', '{"a":"1,\\"b\\":2"}', '{"a":"1","b":2}', false],
    ['but not where the one is a list of two', '[{"a":1},{"b":2}]', '{"a":1,"b":2}', false],
    ['but not where it is no JSON', '{"a":{', '{"a":[', false],
    ['but not where a text has no end', '{"a":"x}', '{"a":"y}', false],
    ['but not with another value', '{"a":1}', '{"a":2}', false],
    ['but not with one more', '{"a":1}', '{"a":1,"b":null}', false],
    ['but not where only a part inside is called tag', '{"a":{"tag":1}}', '{"a":{"tag":2}}', false],
    ['but not where a text inside is called tag', '{"a":{"tag":"x"}}', '{"a":{"tag":"y"}}', false],
    ['but not where a name only ends with tag', '{"my\\"tag":"x"}', '{"my\\"tag":"y"}', false],
    ['but not where a text only looks like a tag', '{"a":",\\"tag\\":\\"x\\""}', '{"a":",\\"tag\\":\\"y\\""}', false],
    ['but not with lists in another order', '{"a":[1,2]}', '{"a":[2,1]}', false],
    ['but not where a value has moved to another name', '{"a":"x","b":"y"}', '{"a":"y","b":"x"}', false],
    ['but not with numbers that only a double takes for equal', '{"a":12345678901234567890}', '{"a":12345678901234567891}', false],
  ])('are the same %s', (_, a, b, expected) => {
    expect(same(a, b)).toBe(expected);
  }); // prettier-ignore

  const deep = (levels: number, inmost: string) => `${'{"a":['.repeat(levels)}${inmost}${']}'.repeat(levels)}`;
  it.each([
    ['the same', deep(10_000, '1'), deep(10_000, '1'), true],
    ['in another order', `{"b":{"c":1,"d":2},"a":${deep(10_000, '1')}}`, `{"a":${deep(10_000, '1')},"b":{"d":2,"c":1}}`, true],
    ['whatever the tag, which is no text', `{"a":${deep(10_000, '1')},"tag":[1]}`, `{"tag":2,"a":${deep(10_000, '1')}}`, true],
    ['whatever the tag, in a list', `[{"a":${deep(10_000, '1')},"tag":"x"}]`, `[{"tag":"y","a":${deep(10_000, '1')}}]`, true],
    ['with another value inmost', deep(10_000, '1'), deep(10_000, '2'), false],
    ['with another tag inmost, which is none', deep(10_000, '{"tag":1}'), deep(10_000, '{"tag":2}'), false],
  ])('of 20,000 levels are compared like others: %s', (_, a, b, expected) => {
    expect(same(a, b)).toBe(expected);
  }); // prettier-ignore

  it('are the same where the slow way says so: both as sorted text without the notes', () => {
    const text = fc.oneof(
      fc.constantFrom('x', 'a,b', '"', '\\', '{"tag":"x"}', ',"tag":"', 'é', '\u2028'),
      fc.string(),
    );
    const leaf = fc.oneof(
      text,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    );
    const name = fc.oneof(fc.constantFrom('a', 'b', 'target', ...NOTES), fc.string());
    const inner = fc.dictionary(name, fc.oneof(leaf, fc.array(leaf, { maxLength: 3 })), { maxKeys: 3 });
    const notes = fc.record({ tag: fc.oneof(text, leaf, inner), postback_url: text }, { requiredKeys: [] });
    const metadata = fc.dictionary(name, fc.oneof(leaf, inner, fc.array(inner, { maxLength: 2 })), { maxKeys: 5 });
    fc.assert(
      fc.property(metadata, notes, notes, fc.func(fc.nat()), (parameters, one, other, order) => {
        const a = JSON.stringify({ ...parameters, ...one });
        const b = JSON.stringify(shuffled({ ...parameters, ...other }, order));
        // Integers that a double cannot hold are compared letter by letter.
        fc.pre(!/\d{16}/.test(a + b));
        const expected = slowly(JSON.parse(a)) === slowly(JSON.parse(b));
        expect(same(a, b), `${a} and ${b}`).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});

type Members = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutNotes(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([each]) => !NOTES.includes(each)));
}

function slowly(value: unknown): string {
  return JSON.stringify(sorted(withoutNotes(value)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([each, part]) => [each, sorted(part)]);
}

function shuffled(value: unknown, order: (name: string) => number): unknown {
  if (Array.isArray(value)) return value.map((each) => shuffled(each, order));
  if (!isObject(value)) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => order(a) - order(b));
  return Object.fromEntries(members.map(([each, part]) => [each, shuffled(part, order)]));
}
