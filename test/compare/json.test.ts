import fc from 'fast-check';
import { expect, test } from 'vitest';
import { numberValue, openTexts, readValue, typeOf, writeValue } from '../../src/compare/json.ts';
import { timeOf } from '../../src/compare/times.ts';

test('any JSON is read as JSON.parse reads it, and written so that equal values are equal texts', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const value = readValue(text);
      expect(readValue(writeValue(value))).toEqual(value);
      expect(value).toEqual(JSON.parse(text));
    }),
  );
});

test.each(['0.14285714285714285', '-1234.5678901234500e-7', '"1234567890123456789"', '1e300', '5e-324'])(
  '%s is what JSON.parse makes of it',
  (text) => {
    expect(readValue(`{"a":[${text}]}`)).toEqual({ a: [JSON.parse(text)] });
  },
);

test.each([
  ['1.000000000000000001', '1.000000000000000001'],
  ['12345678901234567.2500', '12345678901234567.25'],
  ['1234567890123456725E-2', '12345678901234567.25'],
  ['-0.000000012345678901234567890', '-0.00000001234567890123456789'],
  ['1e400', '1e400'],
  ['0.1e-399', '1e-400'],
  ['12345678901234567000000', '12345678901234567000000'],
  ['123456789012345678e40', '1.23456789012345678e57'],
])('%s keeps all its digits, and is written as %s', (text, written) => {
  for (const value of [readValue(text), numberValue(text)]) {
    expect(typeOf(value)).toBe('number');
    expect(writeValue(value)).toBe(written);
    expect(readValue(written)).toBe(value);
  }
});

test('seconds with nine digits behind the point are a time still', () => {
  expect(timeOf(readValue('1700000000.123456789'))).toBeCloseTo(1700000000123, -1);
});

const decimal = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 24n }), fc.integer({ min: -40, max: 40 }))
  .map(([minus, digits, exponent]) => ({ digits: minus ? -digits : digits, exponent }));
const scaled = ({ digits, exponent }: { digits: bigint; exponent: number }) =>
  digits * 10n ** BigInt(exponent + 40);

test('two numbers are equal where their decimals are, however they are written', () => {
  fc.assert(
    fc.property(decimal, fc.oneof(fc.constant(0n), fc.bigInt({ min: -2n, max: 2n })), (one, step) => {
      const other = { digits: (one.digits + step) * 1000n, exponent: one.exponent - 3 };
      const [a, b] = [one, other].map(({ digits, exponent }) => readValue(`${digits}e${exponent}`));
      const same = scaled(one) * 1000n === scaled({ ...other, exponent: one.exponent });
      expect(writeValue(a!) === writeValue(b!)).toBe(same);
    }),
  );
});

test('whole numbers beyond 2^53 keep their digits, in texts that hold JSON as well', () => {
  const text = '{"a":90071992547409931,"b":[-90071992547409931]}';
  expect(writeValue(readValue(text))).toBe(text);
  expect(writeValue(openTexts({ body: text }))).toBe(`{"body":${text}}`);
});
