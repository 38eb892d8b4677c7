import type { Cluster } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type TestCluster } from '../support/redis-topologies.ts';
import { sharedPostgres } from '../support/shared.ts';
import {
  drainThroughKills,
  expectConverged,
  expectOrderInsideKeys,
  lookIntoCluster,
  tell,
} from './harness.ts';
import { fillTable, tableDrain } from './table.ts';

const KILLS = 6;
let cluster: TestCluster;
let target: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
  target = lookIntoCluster(cluster.seeds);
});
afterAll(async () => {
  target.disconnect();
  await cluster.stop();
});

const hosts = (nodes: { host: string; port: number }[]) =>
  nodes.map(({ host, port }) => `${host}:${port}`).join(',');

test.each([
  ['move', ['--workers', '3']],
  ['copy', ['--mode', 'copy']],
])('a %s into 4 partitions of a Redis Cluster survives kills', async (mode, flags) => {
  const table = await fillTable(await sharedPostgres().createDatabase(), 6000);
  const redis = { flags: [], env: { REDIS_CLUSTER_NODES: hosts(cluster.seeds) } };
  const pace = ['--rate', '1200/s', '--batch', '50'];
  const scenario = tableDrain(table.url, redis, target, { flags: [...pace, ...flags], partitions: 4 });
  const { report, landed, seed } = await drainThroughKills(scenario, { kills: KILLS });
  tell(`cluster, ${mode}`, { kills: landed, suppressed: report.duplicatesSuppressed, seed });
  expect(landed, `seed ${seed}`).toBeGreaterThanOrEqual(KILLS - 1);
  const entries = await expectConverged(scenario, table.ids, report, `seed ${seed}`);
  expectOrderInsideKeys(entries, ({ id }) => Number(id), `seed ${seed}`);
  expect(await table.rowsLeft()).toBe(mode === 'move' ? 0 : table.ids.length);
});
