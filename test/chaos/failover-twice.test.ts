import { afterAll, beforeAll, expect, test } from 'vitest';
import { RUN_INDEX, runKey } from '../../src/model/keys.ts';
import type { QctlProcess } from '../support/qctl.ts';
import type { TestRedis } from '../support/redis.ts';
import { startSentinel, starveReplicas, type TestSentinel } from '../support/redis-topologies.ts';
import { sharedPostgres, sharedSqs, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import {
  entriesIn,
  expectConverged,
  expectExactlyOnce,
  expectVerified,
  finish,
  hasEnded,
  hurry,
  lookInto,
  readStream,
  type Scenario,
  start,
  tell,
  untilAppended,
} from './harness.ts';
import { startOldWorker } from './old-worker.ts';
import { fillQueue, queueDrain } from './queue.ts';
import { fillTable, tableDrain } from './table.ts';

/* Three sentinels, one primary, one replica, which change roles twice. */

let sentinel: TestSentinel;
const sqs = sharedSqs();
beforeAll(async () => {
  sentinel = await startSentinel({ sentinels: 3, downAfterMs: 1500 });
});
afterAll(async () => {
  await sentinel.stop();
  sqs.client.destroy();
});

async function primary() {
  const port = await sentinel.currentPort();
  return port === sentinel.primary.port ? sentinel.primary : sentinel.replica;
}

function viaSentinel(): Record<string, string> {
  const hosts = sentinel.sentinels.map(({ host, port }) => `${host}:${port}`).join(',');
  return { REDIS_SENTINEL_HOSTS: hosts, REDIS_SENTINEL_MASTER_NAME: sentinel.name };
}

/** The same drain, seen on the server that is primary now. */
const onPrimary = async <T>(scenario: Scenario, look: (scenario: Scenario) => Promise<T>): Promise<T> =>
  onServer(await primary(), scenario, look);

async function onServer<T>(
  { url }: TestRedis,
  scenario: Scenario,
  look: (scenario: Scenario) => Promise<T>,
): Promise<T> {
  const target = lookInto(url);
  try {
    return await look({ ...scenario, target });
  } finally {
    target.disconnect();
  }
}

/**
 * Waits until something stands in the stream that the replica, which is the next primary, will never see; or
 * until the drain stands still because nothing is confirmed any more, though all it had sent has arrived there.
 */
async function untilAhead(scenario: Scenario, process: QctlProcess): Promise<void> {
  const ahead = await primary();
  const behind = ahead === sentinel.primary ? sentinel.replica : sentinel.primary;
  const seen = await onServer(behind, scenario, entriesIn);
  const isAhead = async (now: Scenario) => (await entriesIn(now)) > seen || (await isUnconfirmed(now));
  const there = async () => hasEnded(process) || (await onServer(ahead, scenario, isAhead));
  await waitFor(there, { what: 'entries that were not replicated', everyMs: 10 });
  expect(hasEnded(process), process.stderr()).toBe(false);
}

/** Whether a process of the drain says that it waits for a replica. */
async function isUnconfirmed({ target, stream }: Scenario): Promise<boolean> {
  const runs = await target.zrange(RUN_INDEX, '0', '-1');
  const records = await Promise.all(runs.map((run) => target.hgetall(runKey(run))));
  return records
    .filter(({ manifest }) => JSON.parse(manifest ?? '{}').target?.stream === stream)
    .some((record) => /replicas have confirmed/.test(JSON.stringify(record)));
}

/** At its rate each of them would take a minute, which is more than the whole test may take. */
const PACE = ['--batch', '100', '--durability', 'wait:1'];

/** A move that claims, and a worker that nobody has stopped. */
async function claiming(target: Scenario['target']) {
  const table = await fillTable(await sharedPostgres().createDatabase());
  await table.addClaimColumn('taken');
  const flags = [...PACE, '--rate', '100/s', '--workers', '3', '--claim-column', 'taken'];
  const redis = { flags: [], env: viaSentinel() };
  const scenario = tableDrain(table.url, redis, target, { flags: [...flags, '--allow-competing'] });
  return { table, scenario, worker: await startOldWorker(table.url, 'taken') };
}

/** A drain of a standard queue, whose ledger keeps out what SQS delivers again. */
async function queued(target: Scenario['target']) {
  const queue = await fillQueue(sqs, uniqueName('hooks'), { messages: 1500 });
  const drain = queueDrain(sqs.endpoint, queue.url, '', target, [...PACE, '--rate', '25/s']);
  const without = (words: string[]) => words.filter((word) => word !== '--redis-url' && word !== '');
  const scenario = {
    ...drain,
    command: without(drain.command),
    connection: without(drain.connection),
    env: viaSentinel(),
  };
  return { queue, scenario };
}

test('two failovers in a row: a claiming move beside an old worker, and a queue: nothing is lost, nothing is done twice', async () => {
  const target = lookInto((await primary()).url);
  const [claim, hooks] = await Promise.all([claiming(target), queued(target)]);
  const { table, worker } = claim;
  const drains = [claim.scenario, hooks.scenario];
  const running = drains.map((scenario) => start(scenario));
  for (let failover = 0; failover < 2; failover += 1) {
    for (const [i, scenario] of drains.entries())
      await onPrimary(scenario, async (now) => untilAppended(now, running[i]!, (await entriesIn(now)) + 50));
    await starveReplicas(await primary());
    for (const [i, scenario] of drains.entries()) await untilAhead(scenario, running[i]!);
    // Long enough for a drain that does not wait to let go of some of it.
    const before = worker.worked.length;
    await waitFor(() => worker.worked.length > before + 100, { what: 'the old worker' });
    await sentinel.rejoin(await sentinel.killPrimary());
  }
  target.disconnect();
  await Promise.all(drains.map((scenario, i) => hurry(scenario, running[i]!)));
  const [moved, drained] = await Promise.all(running.map((process) => finish(process)));
  await worker.stop();
  const entries = await onPrimary(claim.scenario, readStream);
  const { worked } = worker;
  tell('two failovers', { suppressed: drained!.duplicatesSuppressed, 'by the old worker': worked.length });
  expectExactlyOnce([...entries, ...worked.map((id) => ({ ...entries[0]!, id }))], table.ids);
  await expectVerified(claim.scenario, moved!.run);
  await onPrimary(hooks.scenario, (now) => expectConverged(now, hooks.queue.ids, drained!));
  expect([await table.rowsLeft(), await hooks.queue.left()]).toEqual([0, 0]);
});
