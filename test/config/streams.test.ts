import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import type { StreamConfig } from '../../src/config/schema.ts';
import { matchesPattern, type StreamSettings, streamSettings } from '../../src/config/streams.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

describe('a pattern matches the names that Redis matches', () => {
  let redis: RedisConnection;
  beforeAll(async () => {
    redis = await connectRedis({ url: sharedRedisUrl() });
  });
  afterAll(() => redis.close());

  /** By SSCAN over a set with this one member: the same matching as that of SCAN. */
  async function redisMatches(key: string, pattern: string, name: string): Promise<boolean> {
    const { client } = redis;
    const [, , reply] = (await client
      .multi()
      .del(key)
      .sadd(key, name)
      .call('SSCAN', key, '0', 'MATCH', pattern)
      .exec())!;
    return ((reply as [null, [string, string[]]])[1][1] ?? []).length === 1;
  }

  test.each([
    ['orders:*', 'orders:eu', true],
    ['orders:*', 'orders', false],
    ['*:dead', 'orders:dead', true],
    ['h?llo', 'hallo', true],
    ['h[ae]llo', 'hello', true],
    ['h[^e]llo', 'hello', false],
    ['a[b-d]', 'ac', true],
    ['a[z-a]', 'ak', true],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['[', '[', false],
    ['[a', 'a', true],
    ['[]', 'a', false],
    ['[^]', 'a', true],
    ['a[\\]]', 'a]', true],
    ['\\', '\\', true],
    ['a.c', 'abc', false],
    ['a\nb*', 'a\nbc', true],
    ['ü?', 'üb', true],
    ['?', 'ü', false],
    ['**', 'a', true],
  ])('%j and %j', async (pattern, name, expected) => {
    expect(matchesPattern(pattern, name)).toBe(expected);
    expect(await redisMatches(uniqueName('match'), pattern, name)).toBe(expected);
  });

  test('whatever the pattern, malformed ones included', async () => {
    const text = (letters: string[]) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 });
    const signs = ['a', 'b', 'c', '*', '*', '?', '[', ']', '^', '\\', ':'];
    // Whether bytes beyond ASCII lie in a range depends on the processor that Redis runs on.
    const pattern = fc.oneof(text([...signs, 'ü']), text([...signs, '-', '-']));
    const name = text(['a', 'b', 'c', 'ü', ']', '-', '\\', '[', ':']).filter((given) => given !== '');
    const key = uniqueName('match');
    const outcomes = new Set<boolean>();
    await fc.assert(
      fc.asyncProperty(pattern, name, async (given, tried) => {
        const matched = await redisMatches(key, given, tried);
        outcomes.add(matched);
        expect(matchesPattern(given, tried)).toBe(matched);
      }),
      { numRuns: 2000 },
    );
    expect(outcomes.size).toBe(2);
  });

  test('a pattern of many stars takes no time', () => {
    const from = performance.now();
    expect(matchesPattern('*a'.repeat(40), 'a'.repeat(2000) + 'b')).toBe(false);
    expect(performance.now() - from).toBeLessThan(1000);
  });
});

describe('the settings of a stream', () => {
  const streams: Record<string, StreamConfig> = {
    orders: { group: 'workers', maxLen: 1000, maxAge: 86_400_000, deadLetter: 'orders:failed' },
    alerts: { group: 'agents', partitions: 3 },
    '*': { group: 'anyone' },
    'orders:*': { group: 'regions', maxDeliveries: 5, minIdle: 60_000, claimTo: 'helper' },
    hooks: { entry: { body: 'payload', type: 'event' } },
  };
  const entry: StreamSettings['entry'] = {
    body: 'body',
    type: 'type',
    priority: 'priority',
    retryCount: 'attempts',
    correlationId: 'attr.correlationId',
    reason: 'reason',
    originalStream: 'stream',
  };

  test('of its own name, whole', () => {
    expect(streamSettings(streams, 'orders')).toEqual({
      stream: 'orders',
      group: 'workers',
      maxLen: 1000,
      maxAgeMs: 86_400_000,
      partitions: 1,
      deadLetter: 'orders:failed',
      deadLetterNamed: true,
      maxDeliveries: undefined,
      minIdleMs: undefined,
      claimTo: undefined,
      entry,
    });
  });

  test('come from the longest pattern that matches', () => {
    expect(streamSettings(streams, 'orders:eu')).toEqual({
      ...streamSettings({}, 'orders:eu'),
      group: 'regions',
      maxDeliveries: 5,
      minIdleMs: 60_000,
      claimTo: 'helper',
    });
    expect(streamSettings(streams, 'other').group).toBe('anyone');
  });

  test('of a partition are those of the whole, and the partition itself has none', () => {
    expect(streamSettings(streams, 'alerts').partitions).toBe(3);
    expect(streamSettings(streams, 'alerts:{2}')).toEqual({
      ...streamSettings({}, 'alerts:{2}'),
      group: 'agents',
    });
  });

  test('of a stream that nobody has configured are the conventions', () => {
    expect(streamSettings({}, 'new')).toEqual({
      stream: 'new',
      group: undefined,
      maxLen: undefined,
      maxAgeMs: undefined,
      partitions: 1,
      deadLetter: 'new:dead',
      deadLetterNamed: false,
      maxDeliveries: undefined,
      minIdleMs: undefined,
      claimTo: undefined,
      entry,
    });
  });

  test('name the fields of entries that other programs write', () => {
    expect(streamSettings(streams, 'hooks').entry).toEqual({ ...entry, body: 'payload', type: 'event' });
  });

  test('on a cluster put the default dead letters into the slot of the stream', () => {
    expect(streamSettings({}, 'new', true).deadLetter).toBe('{new}:dead');
    expect(streamSettings({}, 'new:{1}', true).deadLetter).toBe('new:{1}:dead');
    expect(streamSettings(streams, 'orders', true).deadLetter).toBe('orders:failed');
  });
});
