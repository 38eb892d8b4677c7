import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { readProfile, runLoad } from '../../src/load/index.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';

let server: TestRedis;
let redis: RedisConnection;
let client: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = await connectRedis({ url: server.url });
  client = new Redis(server.url);
});
afterAll(async () => {
  await redis.close();
  client.disconnect();
  await server.stop();
});

async function profileOf(text: string) {
  const path = join(mkdtempSync(join(tmpdir(), 'load-')), 'profile.yaml');
  writeFileSync(path, text);
  return readProfile(path);
}

/** The stream of the run, once messages flow. */
async function sending(): Promise<string> {
  return waitFor(async () => {
    const [stream] = await client.keys('qctl:load:*');
    return stream !== undefined && (await client.xlen(stream)) > 20 ? stream : undefined;
  });
}

describe('a load run', () => {
  test('every message is sent in time, seen once by each group, and nothing is left in Redis', async () => {
    const profile = await profileOf(
      'rate: 500/s\nduration: 600ms\ngroups: 2\nconsumers: 2\nthresholds: ["lost == 0", "doubled == 0", "p50 > 100s"]\n',
    );
    const result = await runLoad(profile, redis, new AbortController().signal);
    expect(result).toMatchObject({ sent: 300, lost: 0, doubled: 0, errors: 0 });
    expect(result.thresholds.map(({ holds }) => holds)).toEqual([true, true, false]);
    expect(await client.keys('*')).toEqual([]);
  });

  test('a server that stands still shows in the latency of what was meant to be sent meanwhile', async () => {
    const profile = await profileOf('rate: 200/s\nduration: 900ms\nthresholds: ["lost == 0"]\n');
    const running = runLoad(profile, redis, new AbortController().signal);
    await sending();
    server.pause();
    await new Promise((over) => setTimeout(over, 400));
    server.resume();
    const { latencyMs, lost, ratePerSecond } = await running;
    expect(lost).toBe(0);
    // It is what Redis has taken, never more than what was to be sent.
    expect(ratePerSecond).toBeLessThanOrEqual(200);
    expect(latencyMs!.max).toBeGreaterThan(300);
  });

  test('what it sends while Redis takes nothing is no rate, and its stream is gone by itself if it is killed', async () => {
    const profile = await profileOf('rate: 200/s\nduration: 500ms\nthresholds: ["lost == 0"]\n');
    const running = runLoad(profile, redis, new AbortController().signal);
    const stream = await sending();
    expect(await client.pttl(stream)).toBeGreaterThan(60_000);
    await client.client('PAUSE', 1500, 'WRITE');
    expect((await running).ratePerSecond).toBeLessThan(100);
  });

  test('messages that another consumer takes away are counted as lost, exactly', async () => {
    const profile = await profileOf('rate: 200/s\nduration: 500ms\nthresholds: ["lost == 0"]\n');
    const stopped = new AbortController();
    const running = runLoad(profile, redis, stopped.signal);
    const stream = await sending();
    let stolen = 0;
    await waitFor(
      async () => {
        const reply = await client.xreadgroup(
          'GROUP',
          'g0',
          'thief',
          'COUNT',
          1,
          'BLOCK',
          20,
          'STREAMS',
          stream,
          '>',
        );
        stolen += (reply as [string, unknown[]][] | null)?.[0]?.[1].length ?? 0;
        return (await client.xlen(stream)) >= 100;
      },
      { everyMs: 1 },
    );
    await waitFor(async () => {
      const [group] = (await client.xinfo('GROUPS', stream)) as unknown[][];
      return group![group!.indexOf('lag') + 1] === 0;
    });
    stopped.abort();
    expect(stolen).toBeGreaterThan(0);
    expect(await running).toMatchObject({ lost: stolen, doubled: 0, thresholds: [{ holds: false }] });
  });

  test('a profile with a wrong field, rate or threshold is refused by name', async () => {
    await expect(profileOf('rate: fast\nduration: 1s\nthresholds: [lost == 0]\n')).rejects.toThrow(
      /rate: expected a rate such as 1000\/s/,
    );
    await expect(profileOf('rate: 1/s\nduration: 1s\nthresholds: ["p98 < 5"]\n')).rejects.toThrow(/p98/);
    await expect(profileOf('rate: 1/s\nduration: 1s\nspeed: 3\nthresholds: [lost == 0]\n')).rejects.toThrow(
      /speed/,
    );
  });
});
