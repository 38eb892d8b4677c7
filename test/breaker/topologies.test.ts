import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { lookAtBreakers, operateBreaker, readEvents, resolveBreakers } from '../../src/breaker/index.ts';
import { CircuitBreaker } from '../../src/index.ts';
import { startRedis } from '../support/redis.ts';
import { startCluster, startSentinel } from '../support/redis-topologies.ts';
import { startSlowProxy } from '../support/slow-proxy.ts';
import { waitFor } from '../support/wait.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const NAMES = ['billing', 'mail', 'maps', 'search', 'wazuh-api'];
const OPERATOR = { by: 'ops', host: 'desk', reason: 'test' };
const down = async () => {
  throw new Error('down');
};

function join(name: string, redis: ConstructorParameters<typeof CircuitBreaker>[1]): CircuitBreaker {
  const breaker = new CircuitBreaker(name, { flushIntervalMs: 100, ...redis });
  ends.push(() => breaker.close());
  return breaker;
}

async function connected(options: Parameters<typeof connectRedis>[0]): Promise<RedisConnection> {
  const redis = await connectRedis(options);
  ends.push(() => redis.close());
  return redis;
}

test('on a cluster breakers lie in all slots, and their events in one stream, each once', async () => {
  const cluster = await startCluster();
  ends.push(() => cluster.stop());
  const options = { cluster: { nodes: cluster.seeds } };
  const redis = await connected(options);
  const told: string[] = [];
  const breakers = NAMES.map((name) => join(name, { redis: options, failureThreshold: 2 }));
  for (const breaker of breakers) breaker.on('transition', ({ name, to }) => told.push(`${name} ${to}`));
  for (const breaker of breakers) {
    await breaker.ready();
    for (let i = 0; i < 3; i += 1) await breaker.execute(down).catch(() => undefined);
  }
  for (const breaker of breakers) await waitFor(() => breaker.status().state === 'open');
  await operateBreaker(redis, 'mail', { verb: 'hold', mode: 'closed' }, OPERATOR);
  await waitFor(() => breakers[1]!.status().override === 'closed');
  await Promise.all(breakers.map((breaker) => breaker.close()));
  expect(told.sort()).toEqual(NAMES.map((name) => `${name} open`));
  expect(await resolveBreakers(redis, ['*'])).toEqual(NAMES);
  expect((await lookAtBreakers(redis, NAMES)).map(({ state }) => state)).toEqual(NAMES.map(() => 'open'));
  const events = await waitFor(async () => {
    const all = await readEvents(redis, { wanted: null, limit: 100 });
    return all.length >= 2 * NAMES.length + 1 ? all : null;
  });
  const shown = events.map(({ breaker, type, to }) => `${breaker} ${type} ${to ?? ''}`.trim()).sort();
  const wanted = [...NAMES.flatMap((name) => [`${name} declare`, `${name} transition open`]), 'mail hold'];
  expect(shown).toEqual(wanted.sort());
});

test('through a failover behind Sentinel the breaker stays open', async () => {
  const sentinel = await startSentinel();
  ends.push(() => sentinel.stop());
  const options = { sentinel: { hosts: sentinel.sentinels, name: sentinel.name } };
  const redis = await connected(options);
  const breaker = join('api', { redis: options, failureThreshold: 2, openTime: '1h', maxOpenTime: '1h' });
  await breaker.ready();
  for (let i = 0; i < 3; i += 1) await breaker.execute(down).catch(() => undefined);
  await waitFor(() => breaker.status().state === 'open' && !breaker.status().local);
  await sentinel.killPrimary();
  await waitFor(() => breaker.status().redisTrouble !== null);
  await expect(breaker.execute(async () => 1)).rejects.toThrow('is open');
  await waitFor(() => breaker.status().redisTrouble === null, { timeoutMs: 30_000 });
  await waitFor(async () => (await lookAtBreakers(redis, ['api']))[0]!.state === 'open');
});

test('a user without rights, or with a wrong password: calls go on, and the reason is said without the secret', async () => {
  const server = await startRedis({ password: 'secret' });
  ends.push(() => server.stop());
  const admin = new Redis(server.url);
  ends.push(() => admin.disconnect());
  await admin.acl('SETUSER', 'app', 'on', '>secret', '~other:*', '+@all');
  const at = `${server.host}:${server.port}`;
  for (const [url, reason] of [
    [`redis://:wrong-password@${at}`, /refus|password|WRONGPASS/i],
    [`redis://app:secret@${at}`, /no permissions/],
  ] as const) {
    const breaker = join('api', { redis: url, failureThreshold: 2 });
    const said: (string | null)[] = [];
    breaker.on('redis', (why) => said.push(why));
    await breaker.ready();
    expect(await breaker.execute(async () => 1)).toBe(1);
    expect(said).toEqual([expect.stringMatching(reason)]);
    expect(said.join()).not.toMatch(/wrong-password|:secret/);
    for (let i = 0; i < 2; i += 1) await breaker.execute(down).catch(() => undefined);
    expect(breaker.status()).toMatchObject({ state: 'open', local: true });
  }
});

test('a Redis far away that refuses: the reason is said, not that it is yet to be connected', async () => {
  const server = await startRedis({ password: 'secret' });
  ends.push(() => server.stop());
  const far = await startSlowProxy(server.port, 300);
  ends.push(() => far.stop());
  const breaker = join('api', { redis: `redis://:wrong-password@${server.host}:${far.port}` });
  const said: (string | null)[] = [];
  breaker.on('redis', (why) => said.push(why));
  await breaker.ready();
  expect(said).toEqual([expect.stringMatching(/refus|password|WRONGPASS/i)]);
});
