import { afterEach, expect, test } from 'vitest';
import { startCluster, startSentinel } from '../support/redis-topologies.ts';
import { sharedPostgres } from '../support/shared.ts';
import {
  drainThroughKills,
  expectConverged,
  expectOrderInsideKeys,
  finish,
  lookInto,
  lookIntoCluster,
  start,
  tell,
  untilAppended,
} from './harness.ts';
import { fillTable, tableDrain } from './table.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const hosts = (nodes: { host: string; port: number }[]) =>
  nodes.map(({ host, port }) => `${host}:${port}`).join(',');

test('a drain with --durability wait:1 goes on behind a Sentinel failover and loses nothing', async () => {
  const sentinel = await startSentinel();
  ends.push(() => sentinel.stop());
  const table = await fillTable(await sharedPostgres().createDatabase());
  const env = { REDIS_SENTINEL_HOSTS: hosts(sentinel.sentinels), REDIS_SENTINEL_MASTER_NAME: sentinel.name };
  const primary = lookInto(sentinel.primary.url);
  const replica = lookInto(sentinel.replica.url);
  ends.push(
    () => primary.disconnect(),
    () => replica.disconnect(),
  );
  const flags = ['--workers', '3', '--rate', '5000/s', '--batch', '100', '--durability', 'wait:1'];
  const scenario = tableDrain(table.url, { flags: [], env }, primary, { flags });
  const process = start(scenario);
  await untilAppended(scenario, process, 5000);
  await sentinel.failover();
  const report = await finish(process);
  const after = { ...scenario, target: replica };
  const entries = await expectConverged(after, table.ids, report);
  expectOrderInsideKeys(entries, ({ id }) => Number(id));
  expect(await table.rowsLeft()).toBe(0);
});

test.each([
  ['move', ['--workers', '3']],
  ['copy', ['--mode', 'copy']],
])('a %s into 4 partitions of a Redis Cluster survives kills', async (mode, flags) => {
  const cluster = await startCluster();
  ends.push(() => cluster.stop());
  const table = await fillTable(await sharedPostgres().createDatabase());
  const target = lookIntoCluster(cluster.seeds);
  ends.push(() => target.disconnect());
  const redis = { flags: [], env: { REDIS_CLUSTER_NODES: hosts(cluster.seeds) } };
  const pace = ['--rate', '5000/s', '--batch', '100'];
  const scenario = tableDrain(table.url, redis, target, { flags: [...pace, ...flags], partitions: 4 });
  const { report, landed, seed } = await drainThroughKills(scenario, { kills: 8 });
  tell(`cluster, ${mode}`, { kills: landed, suppressed: report.duplicatesSuppressed, seed });
  const entries = await expectConverged(scenario, table.ids, report, `seed ${seed}`);
  expectOrderInsideKeys(entries, ({ id }) => Number(id), `seed ${seed}`);
  expect(await table.rowsLeft()).toBe(mode === 'move' ? 0 : table.ids.length);
});
