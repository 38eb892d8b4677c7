import { afterAll, expect, test } from 'vitest';
import { runKey } from '../../src/model/keys.ts';
import { sharedPostgres, sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import {
  entriesIn,
  expectConverged,
  expectOrderInsideKeys,
  finish,
  goodReport,
  hurry,
  lookInto,
  type Scenario,
  start,
  untilAppended,
} from './harness.ts';
import { fillQueue, queueDrain } from './queue.ts';
import { fillTable, tableDrain } from './table.ts';

const target = lookInto(sharedRedisUrl());
afterAll(() => target.disconnect());

const LEASE_MS = 4000;

/** Member that holds each lane of the run that is at work on the stream. */
async function holders(run: string): Promise<Map<string, string>> {
  const fields = Object.entries(await target.hgetall(runKey(run)));
  const lanes = fields.filter(([name]) => name.startsWith('lane:'));
  return new Map(lanes.map(([name, value]) => [name, value.slice(value.indexOf('|') + 1)]));
}

async function runAtWork(stream: string): Promise<string> {
  const runs = await target.zrevrange('qctl:runs', 0, 50);
  for (const run of runs) {
    const manifest = await target.hget(runKey(run), 'manifest');
    if (manifest && JSON.parse(manifest).target.stream === stream) return run;
  }
  throw new Error(`no run writes to ${stream}`);
}

/** Starts a second process and waits until the two share the lanes. */
async function join(scenario: Scenario, run: string) {
  const second = start(scenario);
  const shared = async () => new Set([...(await holders(run)).values()].filter(Boolean)).size === 2;
  await waitFor(shared, { what: 'both at work', timeoutMs: 15_000 });
  return second;
}

/** Slow until the fault is over, so that it does not end before; who is left is hurried then. */
async function keyedMove() {
  const table = await fillTable(await sharedPostgres().createDatabase(), 8000);
  const redis = { flags: ['--redis-url', sharedRedisUrl()] };
  const flags = ['--workers', '4', '--rate', '500/s', '--batch', '50'];
  return { table, scenario: tableDrain(table.url, redis, target, { flags, partitions: 4 }) };
}

test('of two processes one is killed: the other has its lanes within 5 s and finishes', async () => {
  const { table, scenario } = await keyedMove();
  const first = start(scenario);
  await untilAppended(scenario, first, 100);
  const run = await runAtWork(scenario.stream);
  const second = await join(scenario, run);
  first.child.kill('SIGKILL');
  const killedAt = performance.now();
  await first.done;
  const lone = async () => {
    const lanes = [...(await holders(run)).values()];
    return lanes.length === 4 && new Set(lanes).size === 1;
  };
  await waitFor(lone, { what: 'the takeover', timeoutMs: 10_000 });
  expect(performance.now() - killedAt).toBeLessThan(5000);
  await hurry(scenario, second);
  const report = await finish(second);
  const entries = await expectConverged(scenario, table.ids, report);
  expectOrderInsideKeys(entries, ({ id }) => Number(id));
  expect(await table.rowsLeft()).toBe(0);
});

test('a process stopped for longer than its lease doubles nothing when it wakes up', async () => {
  const { table, scenario } = await keyedMove();
  const sleeper = start(scenario);
  await untilAppended(scenario, sleeper, 100);
  const run = await runAtWork(scenario.stream);
  const second = await join(scenario, run);
  sleeper.child.kill('SIGSTOP');
  // A lane that is just handed over has no holder.
  const before = new Set([...(await holders(run)).values()].filter(Boolean));
  const lone = async () => new Set((await holders(run)).values()).size === 1;
  await waitFor(lone, { what: 'the takeover', timeoutMs: LEASE_MS + 5000 });
  expect(before.size).toBe(2);
  await untilAppended(scenario, second, (await entriesIn(scenario)) + 200);
  sleeper.child.kill('SIGCONT');
  await hurry(scenario, second);
  const results = await Promise.all([sleeper.done, second.done]);
  // Who ends first leaves the proof to the other one.
  expect(results.map(({ code }) => code).filter((code) => code !== 0 && code !== 8)).toEqual([]);
  const report = goodReport(results.find(({ code }) => code === 0)!);
  const entries = await expectConverged(scenario, table.ids, report);
  expectOrderInsideKeys(entries, ({ id }) => Number(id));
  expect(await table.rowsLeft()).toBe(0);
});

test('a receiver of a FIFO queue stopped beyond the visibility timeout doubles nothing when it wakes up', async () => {
  const sqs = sharedSqs();
  const queue = await fillQueue(sqs, uniqueName('webhooks'), { fifo: true, messages: 5000 });
  const scenario = queueDrain(sqs.endpoint, queue.url, sharedRedisUrl(), target, ['--rate', '500/s']);
  const sleeper = start(scenario);
  await untilAppended(scenario, sleeper, 100);
  const second = start(scenario);
  const run = await runAtWork(scenario.stream);
  const members = async () =>
    Object.keys(await target.hgetall(runKey(run))).filter((name) => name.startsWith('member:'));
  await waitFor(async () => (await members()).length === 2, { what: 'both at work' });
  sleeper.child.kill('SIGSTOP');
  // What it holds is visible again after 2 s, and the other one brings it.
  await untilAppended(scenario, second, (await entriesIn(scenario)) + 1500);
  sleeper.child.kill('SIGCONT');
  await hurry(scenario, second);
  const results = await Promise.all([sleeper.done, second.done]);
  expect(results.map(({ code }) => code).filter((code) => code !== 0 && code !== 8)).toEqual([]);
  const report = goodReport(results.find(({ code }) => code === 0)!);
  const entries = await expectConverged(scenario, queue.ids, report);
  expectOrderInsideKeys(entries, ({ body }) => Number(body.slice(8)));
  expect(await queue.left()).toBe(0);
  sqs.client.destroy();
});
