import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { redact } from '../../src/load/payload/redact.ts';
import { seededRandom } from '../../src/model/random.ts';

const redacted = (body: Buffer | string, keep: string[] = [], seed = 1): Buffer =>
  redact(Buffer.from(body as string), keep, seededRandom(seed));
const redactedJson = (value: unknown, keep: string[] = []) =>
  JSON.parse(redacted(JSON.stringify(value), keep).toString());

/** A text with each character replaced by its class. */
function shape(text: string): string {
  return [...text]
    .map((char) => {
      if (/[a-z]/.test(char)) return 'a';
      if (/[A-Z]/.test(char)) return 'A';
      if (/\d/.test(char)) return '9';
      return char < '\x80' ? char : `<${Buffer.byteLength(char)}>`;
    })
    .join('');
}

/** What stays of a value: structure, names, lengths. */
function structure(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structure);
  if (typeof value === 'string') return shape(value);
  if (typeof value === 'number') return 'number';
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([name, inside]) => [name, structure(inside)]);
}

const text = fc.string({ unit: 'binary', maxLength: 30 });
const json = fc.json({ stringUnit: 'binary', maxDepth: 5 });
/** As other programs write it: blanks, and all that is not ASCII escaped. */
const written = fc
  .tuple(fc.jsonValue({ stringUnit: 'binary' }), fc.nat(3), fc.boolean())
  .map(([value, indent, escaped]) => {
    const plain = JSON.stringify(value, null, indent);
    if (!escaped) return plain;
    return plain.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  });

test('a JSON body keeps its structure, its names and its length in bytes', () => {
  fc.assert(
    fc.property(fc.oneof(json, written), fc.integer(), (body, seed) => {
      const made = redacted(body, [], seed);
      expect(made.length).toBe(Buffer.byteLength(body));
      expect(structure(JSON.parse(made.toString()))).toEqual(structure(JSON.parse(body)));
      // And its shape once more: what is redacted again is of the same shape still.
      expect(structure(JSON.parse(redact(made, [], seededRandom(seed + 1)).toString()))).toEqual(
        structure(JSON.parse(body)),
      );
    }),
    { numRuns: 500 },
  );
});

test('a text that is no JSON keeps its shape', () => {
  fc.assert(
    fc.property(text, (body) => {
      fc.pre(!/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(body));
      const made = redacted(`<${body}>`).toString();
      expect(shape(made)).toBe(shape(`<${body}>`));
    }),
  );
});

test('what is no text becomes other bytes of the same length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 100 }), (bytes) => {
      const body = Buffer.from(bytes);
      fc.pre(!isUtf8(body) || body.includes(0));
      const made = redact(body, [], seededRandom(3));
      expect(made.length).toBe(body.length);
      expect(made.equals(body)).toBe(false);
    }),
  );
});

test('the same seed gives the same body, another one another', () => {
  const body = JSON.stringify({ name: 'Ada Lovelace', card: '4111 1111 1111 1111' });
  expect(redacted(body, [], 5)).toEqual(redacted(body, [], 5));
  expect(redacted(body, [], 5)).not.toEqual(redacted(body, [], 6));
});

test('no secret that stands anywhere in a body survives', () => {
  const secrets = [
    'ada.lovelace@example.com',
    '4111111111111111',
    'tok_live_9fA8bC7dE6',
    'Grüße an Łukasz',
    '電話番号はこちら',
  ];
  for (const secret of secrets) {
    const inside = JSON.stringify({ deep: { again: secret } });
    const places: unknown[] = [
      { user: { contact: [secret] } },
      [secret, { note: `call ${secret} soon` }],
      { nested: inside },
      { twice: JSON.stringify({ inside }) },
      secret,
    ];
    const escaped = JSON.stringify(secret).replace(
      /[a-zü]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    const bodies = [
      ...places.map((one) => JSON.stringify(one)),
      `{"a":${escaped}}`,
      `plain text with ${secret} in it`,
    ];
    for (const [seed, body] of bodies.entries()) {
      const made = redacted(body, ['kept'], seed).toString();
      expect(made).not.toContain(secret);
      // Nor any part of it by which a person is known.
      for (const part of secret.match(/[^\s@._]{5,}/g)!) expect(made).not.toContain(part);
      if (made.startsWith('{')) expect(JSON.stringify(JSON.parse(made))).not.toContain(secret);
    }
  }
  expect(redacted('{"card":4111111111111111,"pin":-12.50}').toString()).toMatch(
    /^\{"card":(?!4111111111111111)[1-9]\d{15},"pin":-[1-9]\d\.\d\d\}$/,
  );
});

test('numbers keep their digits, sign and exponent', () => {
  const body = '[0, 7, -0.50, 120, 1.5e-10, 1E+2, 12345678901234567890]';
  for (let seed = 0; seed < 50; seed += 1)
    expect(redacted(body, [], seed).toString()).toMatch(
      /^\[\d, \d, -\d\.\d\d, [1-9]\d\d, \d\.\de-10, \dE\+2, [1-9]\d{19}\]$/,
    );
});

test('escapes stay escapes of the same length, half a character too', () => {
  const body = '"a\\n\\u0041\\u0022\\\\u0041\\/\\ud83d\\ude00\\ud800 \\u00e9"';
  const made = redacted(body).toString();
  expect(made).toMatch(
    /^"[a-z]\\n\\u00[45][\da-f]\\u0022\\\\[a-z]\d{4}\\\/\\ud8[4-6][\da-f]\\ud[c-f][\da-f]{2}\\u[4-9][\da-f]{3} \\u00[ef][\da-f]"$/,
  );
  expect(JSON.parse(made)).toHaveLength(JSON.parse(body).length);
});

test('true, false, null and the names of fields stay', () => {
  const body = '{ "active": true, "gone" : false,\n "none":null, "a\\"b": {}, "list": [ ] }';
  expect(redacted(body).toString()).toBe(body);
});

test('fields that are to be kept stay as they are, with all that is in them', () => {
  const value = {
    type: 'agent.updated',
    agent: { id: 17_000_421, name: 'Margaret', tags: ['north', 'south'] },
    items: [
      { kind: 'invoice', amount: 99_123 },
      { kind: 'refund', amount: 12_345 },
    ],
    'a"b': 'quoted',
  };
  const made = redactedJson(value, [
    'type',
    'agent.id',
    'agent.tags',
    'items.*.kind',
    'items.1.amount',
    'a"b',
    'agent',
  ]);
  expect(made).toMatchObject({ type: value.type, agent: value.agent, 'a"b': 'quoted' });
  const some = redactedJson(value, ['agent.id', 'agent.tags', 'items.*.kind', 'items.1.amount', '*.name']);
  expect(some.agent).toEqual(value.agent);
  expect(some.items.map(({ kind }: { kind: string }) => kind)).toEqual(['invoice', 'refund']);
  expect(some.items[1].amount).toBe(12_345);
  expect(some.items[0].amount).not.toBe(99_123);
  expect(some.type).not.toBe(value.type);
  // A path says the whole way: neither a part of it nor what stands elsewhere.
  expect(
    redactedJson({ x: { type: 'secret-word' }, type: { type: 'secret-word' } }, ['type.type']),
  ).toMatchObject({
    x: { type: expect.not.stringContaining('secret') },
    type: { type: 'secret-word' },
  });
});

test('a body that is nested very deeply is redacted', () => {
  const deep = `${'[{"a":'.repeat(20_000)}"secret-word"${'}]'.repeat(20_000)}`;
  const made = redacted(deep).toString();
  expect(made.length).toBe(deep.length);
  expect(made).not.toContain('secret');
});

test('a body of several MB with one long string is redacted', () => {
  const body = JSON.stringify({ blob: 'secret\n'.repeat(300_000) });
  const made = redacted(body).toString();
  expect(made.length).toBe(body.length);
  expect(made).not.toContain('secret');
});
