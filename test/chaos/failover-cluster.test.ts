import { afterAll, beforeAll, expect, test } from 'vitest';
import { partitionKeys, slotOf } from '../../src/model/keys.ts';
import { drive } from '../commands/check-driver.ts';
import { startCluster, starveReplicas, type TestCluster } from '../support/redis-topologies.ts';
import { sharedPostgres } from '../support/shared.ts';
import {
  entriesIn,
  expectConverged,
  expectOrderInsideKeys,
  finish,
  lookIntoCluster,
  type Scenario,
  start,
  tell,
  untilAppended,
} from './harness.ts';
import { fillTable, tableDrain } from './table.ts';

/* Three masters, each with a replica, and 12 partitions over them. */

let cluster: TestCluster;
let target: ReturnType<typeof lookIntoCluster>;
beforeAll(async () => {
  cluster = await startCluster({ replicas: true });
  target = lookIntoCluster(cluster.seeds);
});
afterAll(async () => {
  target.disconnect();
  await cluster.stop();
});

const redis = () => ({
  flags: [],
  env: { REDIS_CLUSTER_NODES: cluster.seeds.map(({ host, port }) => `${host}:${port}`).join(',') },
});
const PARTITIONS = 12;
const ROWS = 10_000;

/** The node that serves a partition. */
function ownerOf({ stream }: Scenario, partition: number) {
  return cluster.ownerOf(slotOf(partitionKeys(stream, PARTITIONS)[partition]!));
}

test('a move goes on through a failover, a slot that moves and a master that is killed', async () => {
  const table = await fillTable(await sharedPostgres().createDatabase(), ROWS);
  const flags = ['--workers', '3', '--rate', '2500/s', '--batch', '100', '--durability', 'wait:1'];
  const scenario = tableDrain(table.url, redis(), target, { flags, partitions: PARTITIONS });
  const process = start(scenario);
  await untilAppended(scenario, process, 1000);
  const first = await ownerOf(scenario, 0);
  await cluster.failover(first);
  await untilAppended(scenario, process, (await entriesIn(scenario)) + 800);
  const from = await ownerOf(scenario, 1);
  const to = cluster.nodes.concat(cluster.replicas).filter((node) => node !== from);
  const masters = await Promise.all([2, 3, 4, 5, 6, 7].map((partition) => ownerOf(scenario, partition)));
  const other = to.find((node) => masters.includes(node))!;
  await cluster.moveSlot(slotOf(partitionKeys(scenario.stream, PARTITIONS)[1]!), other);
  await untilAppended(scenario, process, (await entriesIn(scenario)) + 800);
  const killed = await ownerOf(scenario, 1);
  await cluster.killMaster(killed);
  // As a replica of the one that took over; until then wait:1 has nobody to wait for.
  await killed.restart();
  const report = await finish(process);
  const entries = await expectConverged(scenario, table.ids, report);
  expectOrderInsideKeys(entries, ({ id }) => Number(id));
  expect(await table.rowsLeft()).toBe(0);
  expect(await ownerOf(scenario, 1)).not.toBe(killed);
  const status = await drive(['drain', 'status', report.run, '-o', 'json'], { env: scenario.env });
  expect(JSON.parse(status.stdout)).toMatchObject({
    run: report.run,
    state: 'done',
    appended: ROWS,
    open: 0,
  });
  const list = await drive(['drain', 'list', '-o', 'json'], { env: scenario.env });
  expect(list.stdout).toContain(report.run);
});

test('a copy catches up for the partitions of a master whose replica lagged, and for no other', async () => {
  const table = await fillTable(await sharedPostgres().createDatabase(), ROWS);
  const flags = ['--mode', 'copy', '--workers', '2', '--rate', '2500/s', '--batch', '100'];
  const scenario = tableDrain(table.url, redis(), target, { flags, partitions: PARTITIONS });
  const process = start(scenario);
  await untilAppended(scenario, process, 2000);
  const master = await ownerOf(scenario, 3);
  await starveReplicas(master);
  await untilAppended(scenario, process, (await entriesIn(scenario)) + 1000);
  await cluster.killMaster(master);
  const report = await finish(process);
  const { reappended } = report as unknown as { reappended: number };
  tell('cluster, copy', { reappended });
  expect(reappended).toBeGreaterThan(100);
  expect(reappended).toBeLessThan(ROWS / 2);
  const entries = await expectConverged(scenario, table.ids, report);
  expectOrderInsideKeys(entries, ({ id }) => Number(id));
  expect(process.stderr()).toMatch(/lost there.*appended again/);
});
