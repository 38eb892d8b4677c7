import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Field } from '../../src/model/entry.ts';
import type { Attribute, Message } from '../../src/model/message.ts';
import { toEntry } from '../../src/transform/envelope.ts';
import { digestOfEntry, fromEntry } from '../../src/transform/from-entry.ts';

const fieldsOf = (message: Message): Field[] => {
  const flat = [...toEntry(message), 'source', 'queue', 'run', 'r1'].map((part) =>
    Buffer.from(part as string),
  );
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!]);
};

const bytes = fc.uint8Array({ maxLength: 40 }).map((part) => Buffer.from(part));
const words = fc.string({ unit: 'grapheme', maxLength: 20 });
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => text !== '__proto__');
const attribute: fc.Arbitrary<Attribute> = fc.oneof(
  words.map((value) => ({ type: 'String', value })),
  fc.integer().map((value) => ({ type: 'Number.int', value: String(value) })),
  bytes.map((value) => ({ type: 'Binary.png', value })),
);
const message: fc.Arbitrary<Message> = fc.record(
  {
    id: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    body: fc.option(bytes),
    key: words,
    type: words,
    priority: words,
    attempts: fc.nat(),
    enqueuedAt: words,
    notBefore: words,
    attributes: fc.dictionary(name, attribute, { minKeys: 1, maxKeys: 6 }),
    system: fc.dictionary(name, words, { minKeys: 1, maxKeys: 4 }),
  },
  { requiredKeys: ['id', 'body'] },
);

/** An attribute called `x` and one whose name is that of its type would share a field. */
const told = (one: Message): Message => JSON.parse(JSON.stringify(one));

describe('from an entry to the message that it was', () => {
  test('every message that can be appended comes back, byte for byte', () => {
    fc.assert(
      fc.property(message, (original) => {
        const back = fromEntry(fieldsOf(original), '1-0', { refuse: true });
        expect('message' in back && told(back.message)).toEqual(told(original));
      }),
      { numRuns: 500 },
    );
  });

  test('bytes of a column that is no text stay bytes, though no type says so', () => {
    const fields = [
      ...fieldsOf({ id: '1', body: null }),
      [Buffer.from('attr.blob'), Buffer.from([0, 255])] as Field,
    ];
    const back = fromEntry(fields, '1-0', { refuse: true });
    expect('message' in back && back.message.attributes!.blob!.value).toEqual(Buffer.from([0, 255]));
  });

  test.each([
    [['payload', 'x'], /none that qctl writes/],
    [['id', '1', 'body', 'x', 'tenant', 't'], /field tenant is none/],
    [['body', 'x'], /no field id/],
    [['id', '1', 'id', '2'], /stands in it twice/],
    [['id', '1', 'attempts', 'many'], /no whole number/],
    [['id', '1', 'attrType.x', 'String'], /has no attribute/],
  ])('%j is refused rather than lost in part', (flat, why) => {
    const fields = Array.from(
      { length: flat.length / 2 },
      (_, i): Field => [Buffer.from(flat[2 * i]!), Buffer.from(flat[2 * i + 1]!)],
    );
    expect(fromEntry(fields, '1-0', { refuse: true })).toEqual({ reason: expect.stringMatching(why) });
  });

  test('entries of other programs: one field as the body, or all of them as JSON; what qctl wrote stays what it is', () => {
    const fields: Field[] = [
      [Buffer.from('data'), Buffer.from('{"n":1}')],
      [Buffer.from('tenant'), Buffer.from('ä')],
    ];
    const body = fromEntry(fields, '5-0', { body: 'data' });
    expect(body).toMatchObject({
      hasId: false,
      message: { id: '5-0', attributes: { tenant: { type: 'String', value: 'ä' } } },
    });
    const whole = fromEntry(fields, '5-0', { whole: true });
    expect('message' in whole && JSON.parse(whole.message.body!.toString())).toEqual({
      data: '{"n":1}',
      tenant: 'ä',
    });
    const binary: Field[] = [[Buffer.from('data'), Buffer.from([255])]];
    expect(fromEntry(binary, '5-0', { whole: true })).toEqual({ reason: expect.stringMatching(/no UTF-8/) });
    expect(fromEntry(fieldsOf({ id: 'm', body: null }), '5-0', { whole: true })).toMatchObject({
      hasId: true,
    });
  });

  test('a digest tells entries apart whatever their boundaries', () => {
    const one = digestOfEntry([[Buffer.from('ab'), Buffer.from('c')]]);
    expect(digestOfEntry([[Buffer.from('a'), Buffer.from('bc')]])).not.toBe(one);
  });
});
