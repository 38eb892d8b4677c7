import { afterEach, expect, test } from 'vitest';
import { type RedisOptions, startRedis, type TestRedis } from '../support/redis.ts';
import { sharedPostgres, sharedSqs, uniqueName } from '../support/shared.ts';
import {
  expectConverged,
  expectOrderInsideKeys,
  finish,
  lookInto,
  type Scenario,
  start,
  untilAppended,
  untilWaiting,
} from './harness.ts';
import { fillQueue, queueDrain } from './queue.ts';
import { fillTable, tableDrain } from './table.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function ownRedis(options: RedisOptions): Promise<{ redis: TestRedis; target: Scenario['target'] }> {
  const redis = await startRedis(options);
  const target = lookInto(redis.url);
  ends.push(
    () => target.disconnect(),
    () => redis.stop(),
  );
  return { redis, target };
}

const PACE = ['--rate', '4000/s', '--batch', '50'];

test('a drain of a table goes on when Redis is restarted, twice', async () => {
  const { redis, target } = await ownRedis({ aof: 'everysec' });
  const table = await fillTable(await sharedPostgres().createDatabase(), 8000);
  const options = { flags: [...PACE, '--workers', '3'], partitions: 4 };
  const scenario = tableDrain(table.url, { flags: ['--redis-url', redis.url] }, target, options);
  const process = start(scenario);
  for (const reached of [1000, 4000]) {
    await untilAppended(scenario, process, reached);
    await redis.restart();
  }
  const report = await finish(process);
  const entries = await expectConverged(scenario, table.ids, report);
  expectOrderInsideKeys(entries, ({ id }) => Number(id));
  expect(await table.rowsLeft()).toBe(0);
});

test('a drain of a table with --durability aof waits for a crashed Redis, says so, and goes on', async () => {
  const { redis, target } = await ownRedis({ aof: 'always' });
  const table = await fillTable(await sharedPostgres().createDatabase(), 8000);
  const options = { flags: [...PACE, '--workers', '3', '--durability', 'aof'], partitions: 4 };
  const scenario = tableDrain(table.url, { flags: ['--redis-url', redis.url] }, target, options);
  const process = start(scenario);
  await untilAppended(scenario, process, 2000);
  await redis.kill9();
  await untilWaiting(process, /redis:.*(connection lost|loading)/);
  await redis.restart();
  const report = await finish(process);
  await expectConverged(scenario, table.ids, report);
  expect(await table.rowsLeft()).toBe(0);
});

test('a drain of a queue with --durability aof waits for a crashed Redis, says so, and goes on', async () => {
  const { redis, target } = await ownRedis({ aof: 'always' });
  const sqs = sharedSqs();
  const queue = await fillQueue(sqs, uniqueName('webhooks'), { messages: 3000 });
  const flags = ['--rate', '1500/s', '--durability', 'aof'];
  const scenario = queueDrain(sqs.endpoint, queue.url, redis.url, target, flags);
  const process = start(scenario);
  await untilAppended(scenario, process, 1000);
  await redis.kill9();
  await untilWaiting(process, /redis:.*(connection lost|loading)/);
  await redis.restart();
  const report = await finish(process);
  await expectConverged(scenario, queue.ids, report);
  expect(await queue.left()).toBe(0);
});
