import { afterEach, expect, test } from 'vitest';
import { startRedis } from '../support/redis.ts';
import { sharedPostgres, sharedSqs, uniqueName } from '../support/shared.ts';
import { entriesIn, lookInto, type Scenario, start, untilAppended, untilWaiting } from './harness.ts';
import { fillQueue, queueDrain } from './queue.ts';
import { fillTable, tableDrain } from './table.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function forgetfulRedis() {
  const redis = await startRedis();
  const target = lookInto(redis.url);
  ends.push(
    () => target.disconnect(),
    () => redis.stop(),
  );
  return { redis, target };
}

/** Takes everything out of Redis in mid-run and returns what the source held at that time. */
async function forget(
  scenario: Scenario,
  redis: Awaited<ReturnType<typeof startRedis>>,
  left: () => Promise<number>,
) {
  const process = start(scenario);
  await untilAppended(scenario, process, 1000);
  await redis.kill9();
  await untilWaiting(process, /connection lost/);
  const before = await left();
  await redis.restart();
  return { before, result: await process.done };
}

test.each([
  ['move', ['--workers', '3']],
  ['copy', ['--mode', 'copy']],
])('a %s notices that Redis came back empty, and lets go of nothing more', async (_mode, flags) => {
  const { redis, target } = await forgetfulRedis();
  const table = await fillTable(await sharedPostgres().createDatabase(), 8000);
  const pace = ['--rate', '2500/s', '--batch', '50'];
  const scenario = tableDrain(table.url, { flags: ['--redis-url', redis.url] }, target, {
    flags: [...pace, ...flags],
    partitions: 4,
  });
  const { before, result } = await forget(scenario, redis, () => table.rowsLeft());
  expect(result.code, result.stderr).toBe(7);
  expect(result.stderr).toContain('TARGET_LOST_DATA');
  expect(await table.rowsLeft()).toBe(before);
});

test('a drain of a queue notices that Redis came back empty, and deletes nothing more', async () => {
  const { redis, target } = await forgetfulRedis();
  const sqs = sharedSqs();
  const queue = await fillQueue(sqs, uniqueName('webhooks'), { messages: 5000 });
  const scenario = queueDrain(sqs.endpoint, queue.url, redis.url, target, ['--rate', '1500/s']);
  const { before, result } = await forget(scenario, redis, () => queue.left());
  expect(result.code, result.stderr).toBe(7);
  expect(result.stderr).toContain('TARGET_LOST_DATA');
  expect(await queue.left()).toBe(before);
  sqs.client.destroy();
});

test.each([['restart without persistence', []]])(
  'the same command after a %s begins a new run rather than go on where nothing is',
  async () => {
    const { redis, target } = await forgetfulRedis();
    const table = await fillTable(await sharedPostgres().createDatabase(), 5000);
    const scenario = tableDrain(table.url, { flags: ['--redis-url', redis.url] }, target, {
      flags: ['--mode', 'copy', '--rate', '3000/s', '--batch', '100'],
    });
    const process = start(scenario);
    await untilAppended(scenario, process, 1000);
    process.child.kill('SIGKILL');
    await process.done;
    await redis.kill9();
    await redis.restart();
    const again = start(scenario);
    expect((await again.done).code).toBe(0);
    expect(await entriesIn(scenario)).toBe(5000);
  },
);
