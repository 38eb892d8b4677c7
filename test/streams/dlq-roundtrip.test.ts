import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatNdjson } from '../../commands/term/ndjson.ts';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { type Field, fieldsToJson } from '../../src/model/entry.ts';
import {
  importDeadLetters,
  planImport,
  purgeDeadLetters,
  surveyDeadLetters,
} from '../../src/streams/index.ts';
import { entriesOf } from '../support/pending.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { ALL, deadOf, killAll, lettersOf, replay, work } from './dlq-support.ts';

let redis: RedisConnection;

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());

const bytes = fc.uint8Array({ maxLength: 12 }).map((some) => Buffer.from(some));
const text = fc.string({ unit: 'grapheme', maxLength: 8 }).map((some) => Buffer.from(some));
const name = fc.oneof(
  bytes,
  text,
  // What JSON, JavaScript and the format of dead letters itself treat in a special way.
  fc
    .constantFrom(
      '',
      '7',
      '-1',
      '__proto__',
      'toJSON',
      'base64',
      'dlq.fields',
      'dlq.reason',
      'attempts',
      'body',
    )
    .map((some) => Buffer.from(some)),
);
const value = fc.oneof(
  bytes,
  text,
  fc.nat(20).map((n) => Buffer.from(String(n))),
);
const field: fc.Arbitrary<Field> = fc.tuple(name, value);
const looksLikeOne = fc
  .tuple(fc.nat(4), fc.array(field, { maxLength: 3 }))
  .map(([n, rest]): Field[] => [[Buffer.from('dlq.fields'), Buffer.from(String(n))], ...rest]);
const entry = fc.oneof(fc.array(field, { minLength: 1, maxLength: 8 }), looksLikeOne);

/** The entry as a worker gets it the next time: the last counter of its attempts is one higher. */
function nextAttempt(fields: Field[]): Field[] {
  const at = fields.findLastIndex(([own]) => own.equals(Buffer.from('attempts')));
  if (at < 0) return [...fields, [Buffer.from('attempts'), Buffer.from('1')]];
  const before = fields[at]![1].toString('latin1');
  if (!/^\d{1,14}$/.test(before)) return fields;
  return fields.with(at, [fields[at]![0], Buffer.from(String(Number(before) + 1))]);
}

test('what dies, is exported, deleted, imported and replayed is what it was, one attempt later', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 6 }), async (entries) => {
      const orders = uniqueName('orders');
      await killAll(
        redis,
        orders,
        entries.map((fields, at) => ({ id: `${at + 1}-0`, fields: fields.flat() })),
      );
      await redis.client.xtrim(orders, 'MAXLEN', 0);
      const dead = await deadOf(redis, orders);
      const letters = await lettersOf(redis, dead);
      const file = letters
        .map((letter) =>
          formatNdjson({ type: 'dead-letter', ...letter, fields: fieldsToJson(letter.fields) }),
        )
        .join('');
      const survey = await surveyDeadLetters(redis, [dead], ALL, work);
      expect((await purgeDeadLetters(redis, survey, ALL, work)).purged).toBe(entries.length);
      const open = async function* () {
        yield Buffer.from(file);
      };
      const imported = await planImport(redis, { name: 'x', open, again: false, signal: work.signal });
      expect((await importDeadLetters(redis, imported, work)).appended).toBe(entries.length);
      const { replayed, retryCountKept } = await replay(redis, { streams: [dead] });
      const expected = entries.map(nextAttempt);
      expect([replayed, retryCountKept]).toEqual([
        entries.length,
        expected.filter((fields, at) => fields === entries[at]).length,
      ]);
      const found = (await entriesOf(redis.client, orders)).map(({ fields }) =>
        fields.map((one) => one.toString('hex')),
      );
      expect(found).toEqual(expected.map((fields) => fields.flat().map((one) => one.toString('hex'))));
      expect(await redis.client.xlen(dead.stream)).toBe(0);
      await redis.client.del(orders, dead.stream);
    }),
    { numRuns: 150 },
  );
});
