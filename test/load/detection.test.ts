import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { type EntryFault, startStreamFaults } from '../support/stream-faults.ts';
import { loadRedis } from './running.ts';

let server: TestRedis;
let client: Redis;
beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url);
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const PROFILE = {
  rate: '8000/s',
  count: 8000,
  warmup: '0',
  payload: 64,
  keys: { count: 1 },
  consumers: { count: 1, claimAfter: '1s' },
};

/** What a run reports of a target that does this, and how often it was done. */
async function through(faults: readonly EntryFault[]) {
  const proxy = await startStreamFaults(server.url, faults);
  const { counts, verdict } = await loadRedis(proxy.url, PROFILE).finally(() => proxy.stop());
  return { counts, verdict, done: proxy.done };
}

describe('what a target does to 1 in 1,000 messages is reported exactly', () => {
  test('nothing, where nothing is done', async () => {
    const { counts, verdict } = await through([]);
    expect(counts).toMatchObject({ confirmed: 8000, processed: 8000, lost: 0, doubled: 0 });
    expect(counts).toMatchObject({ outOfOrder: 0, corrupted: 0, redelivered: 0, foreign: 0 });
    expect(verdict).not.toBe('failed');
  });

  test('all of it at once', async () => {
    const { counts, done, verdict } = await through(['drop', 'double', 'corrupt', 'swap']);
    expect(done).toEqual({ drop: 8, double: 8, corrupt: 8, swap: 8 });
    expect(counts).toMatchObject({ confirmed: 8000, processed: 8000, redelivered: 0 });
    expect(counts).toMatchObject({ lost: 8, doubled: 8, corrupted: 8, outOfOrder: 8 });
    expect(verdict).not.toBe('passed');
    expect(await client.keys('qctl:load:*')).toEqual([]);
  });
});
