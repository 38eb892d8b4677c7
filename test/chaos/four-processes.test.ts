import { afterEach, expect, test } from 'vitest';
import { runKey } from '../../src/model/keys.ts';
import { startCluster } from '../support/redis-topologies.ts';
import { sharedPostgres, sharedSqs, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import {
  expectConverged,
  expectExactlyOnce,
  expectOrderInsideKeys,
  goodReport,
  hasEnded,
  lookIntoCluster,
  readStream,
  type Scenario,
  start,
} from './harness.ts';
import { fillQueue } from './queue.ts';
import { fillTable, tableDrain } from './table.ts';

const PROCESSES = 4;
const PARTITIONS = 12;
const MESSAGES = 6_000;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Three masters, and how qctl is told of them. */
async function clusterOf() {
  const cluster = await startCluster();
  ends.push(() => cluster.stop());
  const target = lookIntoCluster(cluster.seeds);
  ends.push(() => target.disconnect());
  const nodes = cluster.seeds.map(({ host, port }) => `${host}:${port}`).join(',');
  return { cluster, target, redis: { flags: [], env: { REDIS_CLUSTER_NODES: nodes } } };
}

/** Starts all of them at once, as a Job with `parallelism: 4` does, and sees each take its part of one run. */
async function allAtWork(scenario: Scenario) {
  const all = Array.from({ length: PROCESSES }, () => start(scenario));
  const membersOf = async (run: string) =>
    Object.keys(await scenario.target.hgetall(runKey(run))).filter((field) => field.startsWith('member:'));
  const together = async () => {
    // Each names a run in its plan; one of these is begun.
    const runs = all.flatMap(({ stderr }) => /^run +(\S+)/m.exec(stderr())?.[1] ?? []);
    const members = await Promise.all(runs.map(membersOf));
    return members.some((names) => names.length === PROCESSES) || all.some(hasEnded);
  };
  await waitFor(together, { what: `${PROCESSES} processes on one run`, timeoutMs: 30_000 });
  expect(all.filter(hasEnded).map(({ stderr }) => stderr())).toEqual([]);
  const results = await Promise.all(all.map(({ done }) => done));
  // Who ends before the others leaves the proof to the last one.
  expect(results.map(({ code }) => code).filter((code) => code !== 0 && code !== 8)).toEqual([]);
  return goodReport(results.find(({ code }) => code === 0)!);
}

test('four processes share the lanes of one table into a cluster: each message once, in the order of its key', async () => {
  const { target, redis } = await clusterOf();
  const table = await fillTable(await sharedPostgres().createDatabase(), MESSAGES);
  const flags = ['--workers', '4', '--rate', '600/s', '--batch', '50'];
  const scenario = tableDrain(table.url, redis, target, { flags, partitions: PARTITIONS });
  const entries = await expectConverged(scenario, table.ids, await allAtWork(scenario));
  expectOrderInsideKeys(entries, ({ id }) => Number(id));
  expect(await table.rowsLeft()).toBe(0);
});

test('four processes receive from one queue into a cluster: each message once, spread over every master', async () => {
  const { cluster, target, redis } = await clusterOf();
  const sqs = sharedSqs();
  const queue = await fillQueue(sqs, uniqueName('webhooks'), { messages: MESSAGES });
  const stream = uniqueName('webhooks');
  const where = ['--queue-url', queue.url, '--sqs-endpoint', sqs.endpoint, '--region', 'us-east-1'];
  const quick = ['--wait', '1s', '--settle', '1s', '--receivers', '4', '--rate', '600/s'];
  const command = ['sqs', '--stream', stream, '--partitions', `${PARTITIONS}`, ...quick, ...where];
  const scenario = { ...redis, command, connection: where, stream, partitions: PARTITIONS, target };
  await allAtWork(scenario);
  expectExactlyOnce(await readStream(scenario), queue.ids);
  expect(await queue.left()).toBe(0);
  const held = await Promise.all(target.nodes('master').map((node) => node.dbsize()));
  expect(held.filter((keys) => keys > 0)).toHaveLength(cluster.nodes.length);
});
