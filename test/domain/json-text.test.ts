import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepJsonText, jsonText } from '../../src/domain/json-text.ts';

describe('JSON as text', () => {
  it('is to the letter what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        expect(deepJsonText(value, Object.keys)).toBe(JSON.stringify(value));
        expect(jsonText(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each([
    ['a number that no double holds', { a: [JSON.rawJSON('12345678901234567890')] }, '{"a":[12345678901234567890]}'],
    ['a member called __proto__', JSON.parse('{"__proto__":{"a":1},"b":2}'), '{"__proto__":{"a":1},"b":2}'],
    ['what JSON has no word for', [Infinity, NaN, -0], '[null,null,0]'],
    ['nothing', [{}, [], null, ''], '[{},[],null,""]'],
  ])('has %s', (_name, value, text) => {
    expect(deepJsonText(value, Object.keys)).toBe(text);
    expect(jsonText(value)).toBe(text);
  });

  it.each([
    ['lists', '[', ']', ''],
    ['objects', '{"a":', '}', '1'],
  ])('is written at 20,000 levels of %s, where JSON.stringify gives up', (_name, open, close, inmost) => {
    const text = `${open.repeat(20_000)}${inmost}${close.repeat(20_000)}`;
    const value: unknown = JSON.parse(text);
    expect(() => JSON.stringify(value)).toThrow(RangeError);
    expect(jsonText(value) === text).toBe(true);
  });
});
