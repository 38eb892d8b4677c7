import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashTag, partitionKeys, partitionOf, slotOf, streamKeys } from '../../src/model/keys.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

const key = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.stringMatching(/^[a-z]{0,3}\{?[a-z{}]{0,4}\}?[a-z{}]{0,4}$/),
);

describe('the partition of a key', () => {
  const bytes = fc.uint8Array({ maxLength: 40 });

  test('is one of those that there are, and always the same', () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 1024 }), (name, partitions) => {
        const partition = partitionOf(name, partitions);
        expect(partition).toBeGreaterThanOrEqual(0);
        expect(partition).toBeLessThan(partitions);
        expect(Number.isInteger(partition)).toBe(true);
        expect(partitionOf(Uint8Array.from(name), partitions)).toBe(partition);
      }),
    );
  });

  // FNV-1a's published values: a change of the hash would break the order of every run under way.
  test.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('of %j is the one that every version has used', (name, hash) => {
    for (const partitions of [2, 7, 16, 1000])
      expect(partitionOf(Buffer.from(name), partitions)).toBe(hash % partitions);
  });

  test('spreads keys evenly', () => {
    const counts = new Array(16).fill(0);
    for (let i = 0; i < 16_000; i += 1) counts[partitionOf(Buffer.from(`agent-${i}`), 16)] += 1;
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1200);
  });
});

describe('slots', () => {
  let server: TestRedis;
  let redis: Redis;

  beforeAll(async () => {
    server = await startRedis({ args: ['--cluster-enabled', 'yes'] });
    redis = new Redis(server.url, { enableReadyCheck: false });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  test('are those that Redis computes', async () => {
    const keys = [...fc.sample(key, 500), '{}x', '{a}{b}', 'a{}{b}', '{{a}}', 'x{a', 'a}b{c}', 'é{ü}'];
    const slots = await Promise.all(keys.map((one) => redis.call('CLUSTER', 'KEYSLOT', one)));
    expect(keys.map((one) => [one, slotOf(one)])).toEqual(keys.map((one, i) => [one, slots[i]]));
  });
});

describe('what qctl keeps beside a stream', () => {
  const named = fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => !/[{}]/.test(name));
  const tagged = fc.tuple(named, named, named).map(([a, tag, b]) => `${a}{${tag}}${b}`);

  test('stands in the slot of the stream', () => {
    fc.assert(
      fc.property(fc.oneof(named, tagged), (stream) => {
        const keys = streamKeys(stream);
        const beside = [
          keys.checkpoint('run', 3),
          keys.ledger('run'),
          keys.settled('run', 5),
          keys.stats('run'),
          keys.quarantine,
          keys.delayed,
          keys.delayedEntries,
          keys.delayedCounts,
          keys.delayedHeld,
        ];
        expect(new Set([stream, ...beside].map(slotOf)).size).toBe(1);
        expect(new Set([stream, ...beside]).size).toBe(10);
      }),
    );
  });

  test('stands in the slot of each partition', () => {
    for (const stream of partitionKeys('webhook-events', 64)) {
      expect(slotOf(streamKeys(stream).ledger('run'))).toBe(slotOf(stream));
      expect(hashTag(stream)).toMatch(/^\d+$/);
    }
  });

  test('keeps two partitioned streams apart', () => {
    const [first] = partitionKeys('orders', 2);
    const [other] = partitionKeys('webhooks', 2);
    expect(streamKeys(first!).checkpoint('r1', 0)).not.toBe(streamKeys(other!).checkpoint('r2', 0));
    expect(streamKeys(first!).quarantine).not.toBe(streamKeys(other!).quarantine);
  });
});
