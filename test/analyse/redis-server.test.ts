import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { having as havingOn } from '../support/redis-having.ts';
import { startSlowProxy } from '../support/slow-proxy.ts';
import { waitFor } from '../support/wait.ts';
import { analysed, type Case, found } from './driver.ts';

let server: TestRedis;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const having = <T>(settings: Record<string, string>, run: () => Promise<T>) => havingOn(redis, settings, run);
const ofServer = (more: Case = {}): Case => ({ redisUrl: server.url, target: { stream: 'orders' }, ...more });

describe('a server that is looked at', () => {
  test('tells what it is, what it has and how far away it is', async () => {
    const { server: facts } = await analysed(ofServer());
    expect(facts).toMatchObject({
      label: `redis://127.0.0.1:${server.port}/0`,
      mode: 'standalone',
      role: 'master',
      masters: 1,
      clusterState: null,
      aofEnabled: false,
      rdbSave: '',
      saveFailed: false,
      maxmemoryPolicy: 'noeviction',
      maxmemoryBytes: 0,
      evictedKeys: 0,
      replicas: [],
      minReplicasToWrite: 0,
      goodReplicas: null,
      maxClients: expect.any(Number),
      tls: false,
      network: 'loopback',
      user: 'default',
      passwordGiven: false,
      passwordNeeded: false,
      streamNodeMaxBytes: 4096,
      streamNodeMaxEntries: 100,
    });
    expect(facts!.version).toMatch(/^\d+\.\d+/);
    expect(facts!.allocator).toMatch(/\w/);
    expect(facts!.systemMemoryBytes).toBeGreaterThan(facts!.usedMemoryBytes!);
    for (const pair of [
      [facts!.pingP50Ms, facts!.pingP99Ms],
      [facts!.scriptP50Ms, facts!.scriptP99Ms],
    ]) {
      expect(pair[0]).toBeGreaterThan(0);
      expect(pair[1]).toBeGreaterThanOrEqual(pair[0]!);
    }
    expect(Math.abs(facts!.clockSkewMs!)).toBeLessThan(1000);
  });

  test('that is ordinary and saves is ready, without a warning', async () => {
    await having({ appendonly: 'yes' }, async () => {
      const analysis = await analysed(ofServer());
      expect(analysis).toMatchObject({ verdict: 'ready', blockers: 0, warnings: 0 });
    });
  });

  test('is judged without any move as well', async () => {
    await having({ 'maxmemory-policy': 'allkeys-lru' }, async () => {
      expect(await found({ redisUrl: server.url }, 'EVICTION')).toMatchObject([{ level: 'blocker' }]);
      expect(await found({ redisUrl: server.url }, 'NO_PERSISTENCE')).toHaveLength(1);
    });
  });

  test('that is gone, or refuses the password, is an error', async () => {
    await expect(analysed({ redisUrl: 'redis://127.0.0.1:1' })).rejects.toMatchObject({ kind: 'target' });
    const wrong = server.url.replace('redis://', 'redis://nobody:wrong@');
    await expect(analysed({ redisUrl: wrong })).rejects.toMatchObject({ kind: 'auth' });
  });
});

describe('memory', () => {
  test('EVICTION: a policy that deletes streams is refused, and noeviction is not', async () => {
    await having({ 'maxmemory-policy': 'allkeys-lru' }, async () => {
      const [finding] = await found(ofServer(), 'EVICTION');
      expect(finding).toMatchObject({ level: 'blocker', about: `redis://127.0.0.1:${server.port}/0` });
      expect(finding!.remedy).toContain('CONFIG SET maxmemory-policy noeviction');
      expect(await found(ofServer({ settings: { allowEviction: true } }), 'EVICTION')).toMatchObject([
        { level: 'warning' },
      ]);
      await redis.config('SET', 'maxmemory-policy', 'noeviction');
      expect(await found(ofServer(), 'EVICTION')).toEqual([]);
    });
  });

  test('EVICTED_KEYS: what was deleted to make room is told until it is counted anew', async () => {
    const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1]);
    await having({ maxmemory: String(used + 500_000), 'maxmemory-policy': 'volatile-lru' }, async () => {
      for (let key = 0; key < 20; key += 1) await redis.set(`cache:${key}`, 'x'.repeat(100_000), 'EX', 60);
      const [finding] = await found(ofServer(), 'EVICTED_KEYS');
      expect(finding).toMatchObject({ level: 'warning' });
      expect(finding!.what).toMatch(/^\d+ keys were deleted .*maxmemory-policy volatile-lru/);
      await redis.config('SET', 'maxmemory-policy', 'noeviction');
      expect(await found(ofServer(), 'EVICTED_KEYS')).toMatchObject([{ level: 'note' }]);
      await redis.config('RESETSTAT');
      expect(await found(ofServer(), 'EVICTED_KEYS')).toEqual([]);
    });
    await redis.flushall();
  });

  test('MAXMEMORY_UNLIMITED: the limit that is proposed can be set', async () => {
    const [finding] = await found(ofServer(), 'MAXMEMORY_UNLIMITED');
    expect(finding!.level).toBe('note');
    const [, limit] = /CONFIG SET maxmemory (\d+mb)/.exec(finding!.remedy!)!;
    await having({ maxmemory: limit! }, async () => {
      expect(await found(ofServer(), 'MAXMEMORY_UNLIMITED')).toEqual([]);
    });
  });

  test.each([
    [{ 'stream-node-max-bytes': '0', 'stream-node-max-entries': '0' }, 'warning', /grows without end/],
    [{ 'stream-node-max-bytes': '10mb' }, 'note', /large/],
    [{ 'stream-node-max-entries': '1' }, 'note', /more memory/],
  ])('STREAM_NODE_SETTINGS: %o', async (settings, level, text) => {
    await having(settings, async () => {
      const [finding] = await found(ofServer(), 'STREAM_NODE_SETTINGS');
      expect(finding!.level).toBe(level);
      expect(finding!.what).toMatch(text);
      for (const [, name, value] of finding!.remedy!.matchAll(/CONFIG SET (\S+) (\d+)/g))
        await redis.config('SET', name!, value!);
      expect(await found(ofServer(), 'STREAM_NODE_SETTINGS')).toEqual([]);
    });
  });
});

describe('load and time', () => {
  test('CLIENTS_NEAR_LIMIT: hardly a connection is left, until maxclients is raised', async () => {
    await having({ maxclients: '10' }, async () => {
      const [finding] = await found(ofServer(), 'CLIENTS_NEAR_LIMIT');
      expect(finding!.level).toBe('warning');
      const [, most] = /CONFIG SET maxclients (\d+)/.exec(finding!.remedy!)!;
      await redis.config('SET', 'maxclients', most!);
      expect(await found(ofServer(), 'CLIENTS_NEAR_LIMIT')).toEqual([]);
    });
  });

  test('HIGH_LATENCY: a long way to Redis is told, and a short one is not', async () => {
    const proxy = await startSlowProxy(server.port, 60);
    const far = { redisUrl: `redis://127.0.0.1:${proxy.port}` };
    const analysis = await analysed(far);
    const [finding] = analysis.findings.filter(({ code }) => code === 'HIGH_LATENCY');
    expect(finding).toMatchObject({ level: 'warning', remedy: expect.stringContaining('near Redis') });
    expect(analysis.server!.pingP50Ms).toBeGreaterThanOrEqual(60);
    // The round trip does not count as skew.
    expect(Math.abs(analysis.server!.clockSkewMs!)).toBeLessThan(1000);
    proxy.setDelay(0);
    expect((await found(far, 'HIGH_LATENCY')).filter(({ level }) => level === 'warning')).toEqual([]);
    await proxy.stop();
  });

  test('CLOCK_SKEW: a clock that is an hour behind is told, and the right one is not', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    const analysis = await analysed(ofServer());
    vi.useRealTimers();
    const [finding] = analysis.findings.filter(({ code }) => code === 'CLOCK_SKEW');
    expect(finding).toMatchObject({ level: 'note', remedy: expect.stringContaining('NTP') });
    expect(finding!.what).toMatch(/3600 s ahead/);
    expect(analysis.server!.clockSkewMs).toBeGreaterThan(3_590_000);
    expect(await found(ofServer(), 'CLOCK_SKEW')).toEqual([]);
  });
});

describe('a server that cannot save', () => {
  test('REDIS_MISCONF and SAVE_FAILED: it is said while it refuses writes, and while it does not', async () => {
    // Where the snapshot belongs there is a folder.
    const inTheWay = join(server.folder, 'dump.rdb');
    await mkdir(inTheWay);
    await having({ save: '3600 100000', 'stop-writes-on-bgsave-error': 'yes' }, async () => {
      await save('err');
      const [refused] = await found(ofServer(), 'REDIS_MISCONF');
      expect(refused).toMatchObject({
        level: 'blocker',
        remedy: expect.stringContaining('disk of the server'),
      });
      expect(await found(ofServer(), 'SAVE_FAILED')).toEqual([]);
      await redis.config('SET', 'stop-writes-on-bgsave-error', 'no');
      expect(await found(ofServer(), 'REDIS_MISCONF')).toEqual([]);
      const [failed] = await found(ofServer(), 'SAVE_FAILED');
      expect(failed).toMatchObject({ level: 'warning', remedy: expect.stringContaining('BGSAVE') });
      await rmdir(inTheWay);
      await save('ok');
      await redis.config('SET', 'stop-writes-on-bgsave-error', 'yes');
      expect(await found(ofServer(), 'SAVE_FAILED')).toEqual([]);
      expect(await found(ofServer(), 'REDIS_MISCONF')).toEqual([]);
    });
  });

  async function save(outcome: 'ok' | 'err'): Promise<void> {
    await redis.bgsave();
    const saved = async () => (await redis.info('persistence')).includes(`rdb_last_bgsave_status:${outcome}`);
    await waitFor(saved, { what: `a snapshot that ends with ${outcome}` });
  }
});
