import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToJson, type Field, fieldOf, fieldsFromJson, fieldsToJson } from '../../src/model/entry.ts';

const field = (name: string | number[], value: string | number[]): Field => [
  Buffer.from(name as string),
  Buffer.from(value as string),
];

describe('fields in JSON', () => {
  test('are an object where they fit into one', () => {
    const fields = [field('type', 'order.created'), field('body', '{"a":1}'), field('', 'ü')];
    expect(fieldsToJson(fields)).toEqual({ type: 'order.created', body: '{"a":1}', '': 'ü' });
  });

  test('that are no text are base64', () => {
    expect(fieldsToJson([field('body', [0, 255, 27])])).toEqual({ body: { base64: 'AP8b' } });
    expect(bytesToJson(Buffer.from([0xc3]))).toEqual({ base64: 'ww==' });
  });

  test.each([
    [
      'repeated names',
      [field('a', '1'), field('a', '2')],
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
    [
      'names of digits, which JSON readers put first',
      [field('b', '1'), field('7', '2')],
      [
        ['b', '1'],
        ['7', '2'],
      ],
    ],
    ['__proto__', [field('__proto__', '1')], [['__proto__', '1']]],
    ['names that are no text', [field([255], '1')], [[{ base64: '/w==' }, '1']]],
  ])('are pairs for %s', (_, fields, pairs) => {
    expect(fieldsToJson(fields)).toEqual(pairs);
  });

  test('come back byte for byte, through the text of JSON, too', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc
        .constantFrom('a', 'b', '7', '__proto__', '', 'ü', '\ud83d\ude00', '{"base64":"AA=="}')
        .map(Buffer.from),
    );
    const all = fc.array(fc.tuple(bytes, bytes), { maxLength: 6 });
    fc.assert(
      fc.property(all, (pairs) => {
        const fields = pairs.map(([name, value]): Field => [Buffer.from(name), Buffer.from(value)]);
        const back = fieldsFromJson(JSON.parse(JSON.stringify(fieldsToJson(fields))));
        expect(back).toEqual(fields);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    [null],
    ['text'],
    [7],
    [{ a: 1 }],
    [{ a: null }],
    [{ a: { base64: 'not base64!' } }],
    [{ a: { base64: 'ww' } }],
    [{ a: { other: 'x' } }],
    [[['a']]],
    [[['a', 'b', 'c']]],
    [['a', 'b']],
  ])('%j is none', (value) => {
    expect(fieldsFromJson(value)).toBeUndefined();
  });
});

test('of a repeated name the last value counts, as in a map', () => {
  const fields = [field('a', '1'), field('b', '2'), field('a', '3')];
  expect(fieldOf(fields, 'a')?.toString()).toBe('3');
  expect(fieldOf(fields, 'c')).toBeUndefined();
});
