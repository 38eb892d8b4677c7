import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openTexts, readValue, writeValue } from '../../src/compare/json.ts';

test('any JSON is read as JSON.parse reads it, and written so that equal values are equal texts', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const value = readValue(text);
      expect(readValue(writeValue(value))).toEqual(value);
      // Fractions with many digits stay what they are; whole numbers beyond 2^53 are another matter.
      if (!/\d{16}/.test(text.replace(/\.\d+/g, ''))) expect(value).toEqual(JSON.parse(text));
    }),
  );
});

test.each(['0.14285714285714285', '-12345.12345678901234567e-7', '"1234567890123456789"', '1e300'])(
  '%s is what JSON.parse makes of it',
  (text) => {
    expect(readValue(`{"a":[${text}]}`)).toEqual({ a: [JSON.parse(text)] });
  },
);

test('whole numbers beyond 2^53 keep their digits, in texts that hold JSON as well', () => {
  const text = '{"a":90071992547409931,"b":[-90071992547409931]}';
  expect(writeValue(readValue(text))).toBe(text);
  expect(writeValue(openTexts({ body: text }))).toBe(`{"body":${text}}`);
});
