import { afterEach, expect, test } from 'vitest';
import { startCluster } from '../support/redis-topologies.ts';
import { sharedPostgres } from '../support/shared.ts';
import {
  drainThroughKills,
  expectConverged,
  expectOrderInsideKeys,
  lookIntoCluster,
  tell,
} from './harness.ts';
import { fillTable, tableDrain } from './table.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const hosts = (nodes: { host: string; port: number }[]) =>
  nodes.map(({ host, port }) => `${host}:${port}`).join(',');

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
