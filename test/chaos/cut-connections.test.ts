import { afterEach, expect, test } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../support/proxy.ts';
import { sharedPostgres, sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import {
  expectConverged,
  expectOrderInsideKeys,
  finish,
  lookInto,
  type Report,
  type Scenario,
  start,
  tell,
  untilAppended,
} from './harness.ts';
import { fillQueue, queueDrain } from './queue.ts';
import { fillTable, tableDrain } from './table.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function proxied(url: string): Promise<{ proxy: TcpProxy; url: string }> {
  const behind = new URL(url);
  const proxy = await startTcpProxy(Number(behind.port));
  ends.push(() => proxy.stop());
  behind.port = String(proxy.port);
  return { proxy, url: behind.href };
}

function lookIntoShared(): Scenario['target'] {
  const target = lookInto(sharedRedisUrl());
  ends.push(() => target.disconnect());
  return target;
}

/** Cuts from the first entry on until the process has ended, the final checks included. */
async function drainWhileCutting(name: string, scenario: Scenario, proxies: TcpProxy[]): Promise<Report> {
  const seed = Date.now() % 1_000_000;
  const process = start(scenario);
  await untilAppended(scenario, process, 0);
  const stops = proxies.map((proxy, i) => proxy.cutRandomly({ everyMs: [300, 900], seed: seed + i }));
  const report = await finish(process, `seed ${seed}`);
  // `qctl verify` gives up rather than wait.
  for (const stop of stops) stop();
  const connections = proxies.map((proxy) => proxy.accepted).join('+');
  tell(name, { connections, suppressed: report.duplicatesSuppressed, seed });
  return report;
}

const MESSAGES = 8000;
const PACE = ['--rate', '2500/s', '--batch', '50'];

test('a move loses and doubles nothing while its connections to Redis and Postgres are cut', async () => {
  const redis = await proxied(sharedRedisUrl());
  const table = await fillTable(await sharedPostgres().createDatabase(), MESSAGES);
  const postgres = await proxied(table.url);
  const options = { flags: [...PACE, '--workers', '3'], partitions: 4 };
  const scenario = tableDrain(postgres.url, { flags: ['--redis-url', redis.url] }, lookIntoShared(), options);
  const report = await drainWhileCutting('move, cut', scenario, [redis.proxy, postgres.proxy]);
  const entries = await expectConverged(scenario, table.ids, report);
  expectOrderInsideKeys(entries, ({ id }) => Number(id));
  expect(await table.rowsLeft()).toBe(0);
});

test('a copy loses and doubles nothing while its connections to Redis and Postgres are cut', async () => {
  const redis = await proxied(sharedRedisUrl());
  const table = await fillTable(await sharedPostgres().createDatabase(), MESSAGES);
  const postgres = await proxied(table.url);
  const options = { flags: [...PACE, '--mode', 'copy'], partitions: 4 };
  const scenario = tableDrain(postgres.url, { flags: ['--redis-url', redis.url] }, lookIntoShared(), options);
  const report = await drainWhileCutting('copy, cut', scenario, [redis.proxy, postgres.proxy]);
  const entries = await expectConverged(scenario, table.ids, report);
  expect(entries).toHaveLength(MESSAGES);
});

test('a drain of a queue loses and doubles nothing while its connections to Redis are cut', async () => {
  const redis = await proxied(sharedRedisUrl());
  const sqs = sharedSqs();
  const queue = await fillQueue(sqs, uniqueName('webhooks'), { messages: 4000 });
  const scenario = queueDrain(sqs.endpoint, queue.url, redis.url, lookIntoShared(), ['--rate', '1500/s']);
  const report = await drainWhileCutting('sqs, cut', scenario, [redis.proxy]);
  await expectConverged(scenario, queue.ids, report);
  expect(await queue.left()).toBe(0);
});
