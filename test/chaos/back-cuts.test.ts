import { afterEach, expect, test } from 'vitest';
import { drain } from '../drain/driver.ts';
import { connectPostgres } from '../support/postgres.ts';
import { startTcpProxy, type TcpProxy } from '../support/proxy.ts';
import { startSentinel } from '../support/redis-topologies.ts';
import { sharedPostgres, sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { type BackScenario, consumeHalf, outcomeOf, startBack, untilReturned } from './back.ts';
import { lookInto, tell } from './harness.ts';
import { fillTable } from './table.ts';

const ROWS = 6000;
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A table that was drained into a Redis, of whose entries consumers have done 2,500 and hold 500. */
async function halfConsumed(redisUrl: string) {
  const url = await sharedPostgres().createDatabase();
  const table = await fillTable(url, ROWS);
  const stream = uniqueName('alerts');
  const spec = { table: 'alerts', key: 'agent' };
  await drain({ spec, database: url, redisUrl, target: { stream, createGroup: 'workers' } });
  const target = lookInto(redisUrl);
  ends.push(() => target.disconnect());
  const scenario: BackScenario = { command: [], stream, group: 'workers', target };
  const { finished } = await consumeHalf(scenario, { take: 3000, pending: 500 });
  return { url, table, scenario, finished };
}

function commandOf(stream: string, redis: string[], postgresUrl: string, flags: string[]): string[] {
  const place = [
    '--stream',
    stream,
    '--group',
    'workers',
    ...redis,
    '--active-within',
    '0s',
    '--min-idle',
    '0s',
  ];
  return [
    ...place,
    '--to',
    'postgres',
    '--postgres-url',
    postgresUrl,
    '--table',
    'alerts',
    '--key',
    'agent',
    ...flags,
  ];
}

async function idsIn(url: string): Promise<number[]> {
  const name = new URL(url).pathname.slice(1);
  const rows = await connectPostgres(url).query<{ id: number }>('SELECT id::int FROM alerts', [], name);
  return rows.map(({ id }) => id);
}

const sorted = (ids: (string | number)[]) => ids.map(Number).toSorted((a, b) => a - b);

async function proxied(url: string): Promise<{ proxy: TcpProxy; url: string }> {
  const behind = new URL(url);
  const proxy = await startTcpProxy(Number(behind.port));
  ends.push(() => proxy.stop());
  behind.port = String(proxy.port);
  return { proxy, url: behind.href };
}

test('a way back whose connections to Redis and Postgres are cut returns each row once', async () => {
  const { url, table, scenario, finished } = await halfConsumed(sharedRedisUrl());
  const [redis, postgres] = [await proxied(sharedRedisUrl()), await proxied(url)];
  const flags = ['--rate', '1500/s', '--batch', '50'];
  scenario.command = commandOf(scenario.stream, ['--redis-url', redis.url], postgres.url, flags);
  const process = startBack(scenario);
  await untilReturned(scenario, process, 0);
  const seed = Date.now() % 1_000_000;
  const stops = [redis, postgres].map(({ proxy }, i) =>
    proxy.cutRandomly({ everyMs: [80, 400], seed: seed + i }),
  );
  const ended = await process.done;
  for (const stop of stops) stop();
  const report = outcomeOf(ended, `seed ${seed}`);
  tell('back, cut', { connections: `${redis.proxy.accepted}+${postgres.proxy.accepted}`, seed });
  expect(redis.proxy.accepted + postgres.proxy.accepted).toBeGreaterThan(6);
  expect(report).toMatchObject({ returned: ROWS - finished.length, acknowledged: ROWS - finished.length });
  expect(sorted([...finished, ...(await idsIn(url))])).toEqual(sorted(table.ids));
});

test('a way back goes on through a primary that is killed, and returns each row once', async () => {
  const sentinel = await startSentinel({ sentinels: 3, downAfterMs: 1500 });
  ends.push(() => sentinel.stop());
  const { url, table, scenario, finished } = await halfConsumed(sentinel.primary.url);
  const flags = ['--rate', '1000/s', '--batch', '50', '--durability', 'wait:1'];
  scenario.command = commandOf(scenario.stream, [], url, flags);
  const hosts = sentinel.sentinels.map(({ host, port }) => `${host}:${port}`).join(',');
  const env = { REDIS_SENTINEL_HOSTS: hosts, REDIS_SENTINEL_MASTER_NAME: sentinel.name };
  const process = startBack(scenario, env);
  await untilReturned(scenario, process, 500);
  await sentinel.rejoin(await sentinel.killPrimary());
  const report = outcomeOf(await process.done);
  expect(report.acknowledged).toBe(ROWS - finished.length);
  expect(sorted([...finished, ...(await idsIn(url))])).toEqual(sorted(table.ids));
});
