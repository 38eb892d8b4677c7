import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { having as havingOn } from '../support/redis-having.ts';
import { startSentinel, type TestSentinel } from '../support/redis-topologies.ts';
import { waitFor } from '../support/wait.ts';
import { analysed, type Case, found } from './driver.ts';

let sentinel: TestSentinel;
let alone: TestRedis;
let primary: Redis;
let replica: Redis;
let redis: Redis;
let version: number;

beforeAll(async () => {
  [sentinel, alone] = await Promise.all([
    startSentinel(),
    startRedis({ args: ['--repl-diskless-sync-delay', '0'] }),
  ]);
  primary = new Redis(sentinel.primary.url);
  replica = new Redis(sentinel.replica.url);
  redis = new Redis(alone.url);
  version = Number(/redis_version:(\d+\.\d+)/.exec(await redis.info('server'))![1]);
});
afterAll(async () => {
  for (const client of [primary, replica, redis]) client.disconnect();
  await Promise.all([sentinel.stop(), alone.stop()]);
});

const having = <T>(settings: Record<string, string>, run: () => Promise<T>) => havingOn(redis, settings, run);
const ofAlone = (durability = 'memory'): Case => ({
  redisUrl: alone.url,
  target: { stream: 'orders', durability },
});
const ofPrimary = (durability = 'memory'): Case => ({
  redisUrl: sentinel.primary.url,
  target: { stream: 'orders', durability },
});
const online = async (count: number) =>
  waitFor(async () => (await primary.info('replication')).match(/state=online/g)?.length === count, {
    what: `${count} replicas`,
    timeoutMs: 20_000,
  });

describe('what a restart takes', () => {
  test('NO_PERSISTENCE: until there is an append-only file', async () => {
    const [finding] = await found(ofAlone(), 'NO_PERSISTENCE');
    expect(finding).toMatchObject({
      level: 'warning',
      remedy: expect.stringContaining('CONFIG SET appendonly yes'),
    });
    await having({ appendonly: 'yes' }, async () =>
      expect(await found(ofAlone(), 'NO_PERSISTENCE')).toEqual([]),
    );
  });

  test('SNAPSHOTS_ONLY: until there is an append-only file', async () => {
    await having({ save: '3600 1' }, async () => {
      expect(await found(ofAlone(), 'SNAPSHOTS_ONLY')).toMatchObject([{ level: 'warning' }]);
      await having({ appendonly: 'yes' }, async () =>
        expect(await found(ofAlone(), 'SNAPSHOTS_ONLY')).toEqual([]),
      );
    });
  });

  test('FSYNC_EVERY_SECOND: unless each append is waited for', async () => {
    await having({ appendonly: 'yes', appendfsync: 'everysec' }, async () => {
      expect(await found(ofAlone(), 'FSYNC_EVERY_SECOND')).toMatchObject([
        {
          level: 'note',
          remedy: expect.stringMatching(
            version < 7.2 ? /^CONFIG SET appendfsync always/ : /^--durability aof/,
          ),
        },
      ]);
      expect(await found(ofAlone('aof'), 'FSYNC_EVERY_SECOND')).toEqual([]);
    });
  });

  test('NO_AOF: what is asked for needs the file', async () => {
    expect(await found(ofAlone('aof'), 'NO_AOF')).toMatchObject([{ level: 'blocker' }]);
    await having({ appendonly: 'yes' }, async () =>
      expect(await found(ofAlone('aof'), 'NO_AOF')).toEqual([]),
    );
  });

  test('NO_WAITAOF: an old Redis has to sync before it answers', async () => {
    await having({ appendonly: 'yes', appendfsync: 'everysec' }, async () => {
      expect(await found(ofAlone('aof'), 'NO_WAITAOF')).toHaveLength(version < 7.2 ? 1 : 0);
      await redis.config('SET', 'appendfsync', 'always');
      expect(await found(ofAlone('aof'), 'NO_WAITAOF')).toEqual([]);
    });
  });
});

describe('what a failover takes', () => {
  test('by way of Sentinel the primary is looked at, with its replica', async () => {
    const { server: facts, findings } = await analysed({
      redis: { sentinel: { hosts: sentinel.sentinels, name: sentinel.name } },
      target: { stream: 'orders' },
    });
    expect(facts).toMatchObject({
      mode: 'sentinel',
      role: 'master',
      network: 'loopback',
      connectedReplicas: 1,
      replicas: [{ address: `127.0.0.1:${sentinel.replica.port}`, state: 'online' }],
    });
    expect(facts!.replicas![0]!.behindBytes).toBeGreaterThanOrEqual(0);
    expect(findings.map(({ code }) => code)).not.toContain('TARGET_IS_REPLICA');
  });

  test('TARGET_IS_REPLICA: a replica is refused, its primary is not', async () => {
    expect(await found({ redisUrl: sentinel.replica.url }, 'TARGET_IS_REPLICA')).toMatchObject([
      { level: 'blocker' },
    ]);
    expect(await found(ofPrimary(), 'TARGET_IS_REPLICA')).toEqual([]);
  });

  test('ASYNC_REPLICATION: unless the replicas are waited for', async () => {
    const [finding] = await found(ofPrimary(), 'ASYNC_REPLICATION');
    expect(finding).toMatchObject({ level: 'note', remedy: '--durability wait:1' });
    expect(await found(ofPrimary('wait:1'), 'ASYNC_REPLICATION')).toEqual([]);
  });

  test('REPLICAS_REQUIRED: a primary that refuses writes for want of replicas', async () => {
    await havingOn(primary, { 'min-replicas-to-write': '2' }, async () => {
      const [finding] = await found(ofPrimary(), 'REPLICAS_REQUIRED');
      expect(finding!.level).toBe('blocker');
      expect(finding!.what).toContain('min-replicas-to-write is 2 and 1 replica follows');
      await expect(primary.set('x', '1')).rejects.toThrow('NOREPLICAS');
      const [, name, value] = /CONFIG SET (\S+) (\d+)/.exec(finding!.remedy!)!;
      await primary.config('SET', name!, value!);
      expect(await found(ofPrimary(), 'REPLICAS_REQUIRED')).toEqual([]);
      await primary.set('x', '1');
    });
  });

  test('TOO_FEW_REPLICAS and WAIT_FEWER_THAN_REPLICAS: as many are asked for as there are', async () => {
    expect(await found(ofPrimary('wait:2'), 'TOO_FEW_REPLICAS')).toMatchObject([{ level: 'blocker' }]);
    await redis.replicaof('127.0.0.1', sentinel.primary.port);
    await online(2);
    expect(await found(ofPrimary('wait:2'), 'TOO_FEW_REPLICAS')).toEqual([]);
    expect(await found(ofPrimary('wait:1'), 'WAIT_FEWER_THAN_REPLICAS')).toMatchObject([
      { level: 'note', remedy: '--durability wait:2' },
    ]);
    expect(await found(ofPrimary('wait:2'), 'WAIT_FEWER_THAN_REPLICAS')).toEqual([]);
    await redis.replicaof('NO', 'ONE');
  });

  test('REPLICA_BEHIND: a replica that is being synchronised, until it is online', async () => {
    await havingOn(primary, { 'repl-diskless-sync-delay': '3600' }, async () => {
      await redis.replicaof('127.0.0.1', sentinel.primary.port);
      const syncing = async () => /state=(?!online)/.test(await primary.info('replication'));
      await waitFor(syncing, { what: 'a replica that waits' });
      const [finding] = await found(ofPrimary(), 'REPLICA_BEHIND');
      expect(finding).toMatchObject({ level: 'warning' });
      expect(finding!.what).toContain(`replica 127.0.0.1:${alone.port} is still being synchronised`);
    });
    await online(2);
    expect(await found(ofPrimary(), 'REPLICA_BEHIND')).toEqual([]);
  });

  test('REPLICA_BEHIND: a replica that stands still while much is written', async () => {
    sentinel.replica.pause();
    const write = `for i = 1, 70 do redis.call('SET', KEYS[1], string.rep('x', 1048576)) end`;
    await primary.eval(write, 1, 'large');
    const [finding] = await found(ofPrimary(), 'REPLICA_BEHIND');
    expect(finding!.what).toMatch(/\d+\.\d MiB behind/);
    await havingOn(primary, { 'min-replicas-max-lag': '1' }, () =>
      waitFor(
        async () => /not been heard of for \d+ s/.test((await found(ofPrimary(), 'REPLICA_BEHIND'))[0]!.what),
        {
          what: 'a replica that keeps silent',
        },
      ),
    );
    sentinel.replica.resume();
    await waitFor(async () => (await found(ofPrimary(), 'REPLICA_BEHIND')).length === 0, {
      what: 'a replica that has caught up',
    });
  });
});
