import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { doorsTo, nextLook, opened, until } from './driver.ts';

let server: TestRedis;
let redis: RedisConnection;

beforeAll(async () => {
  server = await startRedis();
  redis = await connectRedis({ url: server.url });
});
afterAll(async () => {
  await redis?.close();
  await server?.stop();
});

test('while Redis is away that is told with each look, and looks go on after it, also where it began empty', async () => {
  await redis.client.xadd('orders', '*', 'n', '1');
  const overview = opened(doorsTo(redis));
  const { epoch, seq } = await nextLook(overview);
  await server.kill9();
  const { away, snapshot: old } = await until(overview, (seen) => seen.away);
  expect(away).toMatchObject({ why: expect.stringMatching(/connection|ECONNREFUSED/) });
  expect(old?.streams).toMatchObject([{ stream: 'orders' }]);
  const again = await until(overview, (seen) => seen.away && seen.away !== away);
  expect(again.away?.since).toBe(away!.since);
  await server.restart();
  const { snapshot } = await until(overview, (seen) => !seen.away);
  expect(snapshot).toMatchObject({ epoch, streams: [] });
  expect(snapshot!.seq).toBeGreaterThan(seq);
  await redis.client.xadd('alerts', '*', 'n', '1');
  const { snapshot: then } = await until(overview, (seen) => seen.snapshot?.streams.length === 1);
  expect(then?.streams).toMatchObject([{ stream: 'alerts', length: 1 }]);
  expect(overview.redisHistory().values.clients).toContain(null);
});

test('after a restart that kept the data the first rates are not known', async () => {
  const lasting = await startRedis({ aof: 'always' });
  const connection = await connectRedis({ url: lasting.url });
  try {
    await connection.client.xadd('orders', '*', 'n', '1');
    const overview = opened(doorsTo(connection));
    expect((await nextLook(overview)).streams).toMatchObject([{ inPerSecond: 0 }]);
    const rates: (number | null)[] = [];
    overview.subscribe(({ snapshot, away }) => {
      if (!away && snapshot!.streams[0]) rates.push(snapshot!.streams[0].inPerSecond);
    });
    await lasting.kill9();
    await until(overview, (seen) => seen.away);
    rates.length = 0;
    await lasting.restart();
    await until(overview, () => rates.length >= 2);
    expect(rates).toEqual([null, 0]);
  } finally {
    await connection.close();
    await lasting.stop();
  }
});

test('who asks a stopped server for details is told at once, and later gets nothing that is as old', async () => {
  const stopped = await startRedis();
  const connection = await connectRedis({ url: stopped.url });
  try {
    await connection.client.xadd('orders', '*', 'n', '1');
    const overview = opened(doorsTo(connection), { intervalMs: 100 });
    await overview.first();
    stopped.pause();
    const asked = overview.stream('orders');
    await until(overview, (seen) => seen.away);
    await expect(overview.stream('orders')).rejects.toMatchObject({ code: 'REDIS_AWAY' });
    stopped.resume();
    await Promise.all([asked, until(overview, (seen) => !seen.away)]);
    await connection.client.xadd('orders', '*', 'n', '2');
    expect(await overview.stream('orders')).toMatchObject([{ length: 2 }]);
  } finally {
    stopped.resume();
    await connection.close();
    await stopped.stop();
  }
});

test('a server that cannot be reached, or refuses the login, is told as the first look', async () => {
  const locked = await startRedis({ password: 'right' });
  const url = locked.url.replace('right', 'wrong');
  const overview = opened(doorsTo(redis, { redis: () => connectRedis({ url }) }));
  const { snapshot, away } = await overview.first();
  expect(snapshot).toBeNull();
  expect(away?.why).toMatch(/password|WRONGPASS|login/i);
  expect(away?.why).not.toContain('wrong:');
  await locked.stop();
});
