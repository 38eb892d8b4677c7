import { readFileSync } from 'node:fs';
import { gunzipSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEnvelope } from '../../../src/sources/celery/index.ts';
import { writeEnvelope } from '../../../src/sources/celery/write-envelope.ts';

/** Written by a producer of Celery 5.7 into a Redis, byte for byte. */
const recorded = JSON.parse(readFileSync(new URL('./recorded.json', import.meta.url), 'utf8')) as {
  envelopes: { name: string; list: string; raw: string }[];
};

function raw(name: string): Buffer {
  return Buffer.from(recorded.envelopes.find((one) => one.name === name)!.raw);
}

test.each(recorded.envelopes)('an envelope of $name is put together again byte for byte', ({ raw: text }) => {
  const message = readEnvelope(Buffer.from(text));
  expect(message.unfit).toBeUndefined();
  expect(writeEnvelope(message)?.toString()).toBe(text);
});

test('a task of protocol 2 is known by its tag, its name and what its headers and properties say', () => {
  const message = readEnvelope(raw('protocol 2'));
  expect(message).toMatchObject({
    id: 'd43cb4c2-6e07-4f09-bbae-03e44e1a24fa',
    type: 'reports.generate',
    priority: '0',
    attempts: 0,
    attributes: {
      task_id: { type: 'String', value: '0d6a1f04-6d3c-4a2f-9f7b-0c9b1d6b6a01' },
      lang: { value: 'py' },
      correlation_id: { value: '0d6a1f04-6d3c-4a2f-9f7b-0c9b1d6b6a01' },
      content_type: { value: 'application/json' },
      content_encoding: { value: 'utf-8' },
    },
  });
  expect(JSON.parse(message.body!.toString())).toEqual([
    [4711],
    { sections: ['A', 'B'] },
    { callbacks: null, errbacks: null, chain: null, chord: null },
  ]);
  expect(message.notBefore).toBeUndefined();
  expect(message.attributes!.parent_id).toBeUndefined();
});

test('an eta is the time before which a message waits, and an expiry is carried', () => {
  const message = readEnvelope(raw('protocol 2, eta and expires'));
  expect(message.notBefore).toBe('2031-05-17T06:30:00.250Z');
  expect(message.attributes!.expires!.value).toBe('2031-05-18T00:00:00+00:00');
});

test('a task of protocol 1 is read from its body', () => {
  expect(readEnvelope(raw('protocol 1'))).toMatchObject({ type: 'old.mail', attempts: 0 });
  expect(readEnvelope(raw('protocol 1, eta')).notBefore).toBe('2031-05-17T06:30:00.000Z');
});

test('retries are attempts, and a number that JavaScript cannot hold stays what it is', () => {
  const message = readEnvelope(raw('protocol 2, retries and own headers'));
  expect(message.attempts).toBe(2);
  expect(message.system!.envelope).toContain('"big": 12345678901234567890');
});

test('a compressed or pickled body is carried as its bytes', () => {
  const compressed = readEnvelope(raw('protocol 2, gzip'));
  expect(compressed.attributes!.compression!.value).toBe('application/x-gzip');
  expect(inflateSync(compressed.body!).toString()).toMatch(/^\[\[2\]/);
  expect(() => gunzipSync(compressed.body!)).toThrow();
  expect(readEnvelope(raw('protocol 2, pickle')).body!.subarray(0, 2)).toEqual(Buffer.from([0x80, 4]));
});

test('an eta without a zone is UTC, as it is to Celery', () => {
  const text = raw('protocol 2, eta and expires').toString().replace('.250000+00:00', '');
  expect(readEnvelope(Buffer.from(text)).notBefore).toBe('2031-05-17T06:30:00.000Z');
});

test.each([
  ['no JSON', Buffer.from('hello')],
  ['no UTF-8', Buffer.from([0xff, 0xfe])],
  ['a list', Buffer.from('[1]')],
  ['nothing', Buffer.alloc(0)],
  ['no tag', Buffer.from('{"body": "e30=", "properties": {}}')],
  ['half a character as body', Buffer.from('{"body": "\\ud800", "properties": {"delivery_tag": "1"}}')],
  ['no body', Buffer.from('{"properties": {"delivery_tag": "1"}}')],
])('what is no envelope (%s) has a reason and is kept whole', (_, bytes) => {
  const message = readEnvelope(bytes);
  expect(message.unfit).toBeTypeOf('string');
  expect(message.body).toEqual(bytes);
  expect(writeEnvelope(message)).toEqual(bytes);
});

test('any envelope is put together again: the same members, the same bytes but for how JSON may be written', () => {
  const json = fc.jsonValue({ maxDepth: 3 });
  const any = fc.record({
    headers: fc.dictionary(fc.string(), json),
    tag: fc.uuid(),
    body: fc.uint8Array({ maxLength: 200 }),
    info: json,
    base64: fc.boolean(),
    first: fc.boolean(),
    spaces: fc.constantFrom(undefined, 1, '\t'),
  });
  fc.assert(
    fc.property(any, ({ headers, tag, body, info, base64, first, spaces }) => {
      const bytes = base64 ? Buffer.from(body) : Buffer.from(Buffer.from(body).toString('utf8'));
      const text = base64 ? bytes.toString('base64') : bytes.toString('utf8');
      const rest = {
        headers: { body: 'not this one', ...headers },
        properties: { delivery_tag: tag, info, ...(base64 && { body_encoding: 'base64' }) },
      };
      const value = first ? { body: text, ...rest } : { ...rest, body: text };
      const written = JSON.stringify(value, null, spaces);
      const message = readEnvelope(Buffer.from(written));
      expect(message.id).toBe(tag);
      expect(message.body!.equals(bytes)).toBe(true);
      expect(JSON.parse(writeEnvelope(message)!.toString())).toEqual(JSON.parse(written));
      if (base64) expect(writeEnvelope(message)!.toString()).toBe(written);
    }),
    { numRuns: 300 },
  );
});
