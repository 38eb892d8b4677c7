import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layOutJson } from '../../commands/term/json-layout.ts';

test('a text is laid out as JSON.stringify does it', () => {
  const value = fc.oneof(
    fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
    fc.array(fc.jsonValue(), { minLength: 1 }),
  );
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1, '\t'), (one, indent) => {
      expect(layOutJson(JSON.stringify(one, null, indent))).toBe(JSON.stringify(one, null, 2));
    }),
    { numRuns: 500 },
  );
});

test('numbers, escapes and repeated names stay as they were written', () => {
  expect(layOutJson('{"n":12345678901234567890,"n":1.50e+400,"t":"\\u00e4\\/{,}","e":{ }}')).toBe(
    '{\n  "n": 12345678901234567890,\n  "n": 1.50e+400,\n  "t": "\\u00e4\\/{,}",\n  "e": {}\n}',
  );
});

test.each(['', 'text', '"text"', '5', 'null', '{}', '[ ]', '{"a":1', '{a:1}', '[1,]', '[1] 2'])(
  '%j is not laid out',
  (text) => {
    expect(layOutJson(text)).toBeUndefined();
  },
);
