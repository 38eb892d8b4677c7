import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startTcpProxy } from '../support/proxy.ts';
import type { QctlProcess } from '../support/qctl.ts';
import { answersPing } from '../support/redis.ts';
import {
  feedReplicas,
  startSentinel,
  starveReplicas,
  type TestSentinel,
} from '../support/redis-topologies.ts';
import { sharedPostgres, sharedSqs, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import {
  entriesIn,
  expectConverged,
  expectOrderInsideKeys,
  finish,
  hasEnded,
  hurry,
  lookInto,
  readStream,
  type Scenario,
  start,
  tell,
  untilAppended,
  untilWaiting,
} from './harness.ts';
import { fillQueue, queueDrain } from './queue.ts';
import { fillTable, type QueueTable, tableDrain } from './table.ts';

/* Three sentinels, one primary, one replica; each test leaves the two servers with their roles changed. */

let sentinel: TestSentinel;
beforeAll(async () => {
  sentinel = await startSentinel({ sentinels: 3, downAfterMs: 1500 });
});
afterAll(() => sentinel.stop());

const hosts = (nodes: { host: string; port: number }[]) =>
  nodes.map(({ host, port }) => `${host}:${port}`).join(',');
const viaSentinel = (nodes = sentinel.sentinels) => ({
  flags: [],
  env: { REDIS_SENTINEL_HOSTS: hosts(nodes), REDIS_SENTINEL_MASTER_NAME: sentinel.name },
});

async function primary() {
  const port = await sentinel.currentPort();
  return port === sentinel.primary.port ? sentinel.primary : sentinel.replica;
}

/** The same drain, seen on the server that is primary now. */
async function onPrimary<T>(scenario: Scenario, look: (scenario: Scenario) => Promise<T>): Promise<T> {
  const target = lookInto((await primary()).url);
  try {
    return await look({ ...scenario, target });
  } finally {
    target.disconnect();
  }
}

/** A drain of a queue by way of Sentinel. */
function queueScenario(endpoint: string, url: string, target: Redis, flags: string[]): Scenario {
  const { command, connection, ...rest } = queueDrain(endpoint, url, '', target, flags);
  const without = (words: string[]) => words.filter((word) => word !== '--redis-url' && word !== '');
  return { ...rest, command: without(command), connection: without(connection), env: viaSentinel().env };
}

/** A table that some rows do not leave until the test lets them, so that a transaction is open for as long. */
interface GatedTable extends QueueTable {
  /** Lets the row with this id leave. */
  open(id: number): Promise<void>;
}

async function gatedTable(rows: number, gates: number[]): Promise<GatedTable> {
  const database = await sharedPostgres().createDatabase();
  const table = await fillTable(database, rows);
  const holder = new pg.Client({ connectionString: database, application_name: 'gates' });
  await holder.connect();
  onTestFinished(() => holder.end());
  await holder.query(`CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock(old.id); RETURN old; END $$`);
  await holder.query(`CREATE TRIGGER gate BEFORE DELETE ON alerts FOR EACH ROW
    WHEN (old.id IN (${gates.join()})) EXECUTE FUNCTION gate()`);
  for (const id of gates) await holder.query('SELECT pg_advisory_lock($1)', [id]);
  const open = async (id: number) => void (await holder.query('SELECT pg_advisory_unlock($1)', [id]));
  return { ...table, open };
}

test('a failover that loses what was not settled yet: it is appended again, by every kind of drain', async () => {
  const target = lookInto((await primary()).url);
  const sqs = sharedSqs();
  // A thousand rows are appended in front of the first gate, and another thousand in front of the second.
  const [first, second] = [1500, 2500];
  const [moved, copied, queue] = await Promise.all([
    gatedTable(10_000, [first, second]),
    sharedPostgres()
      .createDatabase()
      .then((database) => fillTable(database, 10_000)),
    fillQueue(sqs, uniqueName('hooks'), { messages: 1500 }),
  ]);
  const unkeyed = (scenario: Scenario) => ({
    ...scenario,
    command: scenario.command.filter((word) => word !== '--key' && word !== 'agent'),
  });
  const flags = ['--workers', '1', '--batch', '1000'];
  const move = unkeyed(tableDrain(moved.url, viaSentinel(), target, { flags }));
  // At these rates both would take a minute, which is more than the whole test may take.
  const pace = ['--rate', '150/s', '--batch', '100'];
  const copy = tableDrain(copied.url, viaSentinel(), target, { flags: ['--mode', 'copy', ...pace] });
  const hooks = queueScenario(sqs.endpoint, queue.url, target, ['--rate', '25/s', '--durability', 'wait:1']);
  const drains = [move, copy, hooks];
  const running = drains.map((scenario) => start(scenario));
  for (const [i, enough] of [500, 100, 50].entries()) await untilAppended(drains[i]!, running[i]!, enough);
  const old = await primary();
  await starveReplicas(old);
  const reached = await Promise.all(drains.map((scenario) => entriesIn(scenario)));
  await moved.open(first);
  for (const [i, scenario] of drains.slice(0, 2).entries())
    await untilAppended(scenario, running[i]!, reached[i]! + 300);
  for (const process of running) expect(hasEnded(process), process.stderr()).toBe(false);
  const [killed] = await Promise.all([
    sentinel.killPrimary(),
    // Before that its rows could be settled.
    waitFor(async () => !(await answersPing(old.port)), { what: 'no primary' }).then(() =>
      moved.open(second),
    ),
  ]);
  await sentinel.rejoin(killed);
  await Promise.all([1, 2].map((i) => hurry(drains[i]!, running[i]!)));
  const reports = await Promise.all(running.map((process) => finish(process)));
  const ids = [moved.ids, copied.ids, queue.ids];
  await Promise.all(
    drains.map((scenario, i) => onPrimary(scenario, (now) => expectConverged(now, ids[i]!, reports[i]!))),
  );
  await onPrimary(copy, async (now) => expectOrderInsideKeys(await readStream(now), ({ id }) => Number(id)));
  for (const process of running.slice(0, 2)) expect(process.stderr()).toMatch(/lost there.*appended again/);
  const again = reports.map((report) => (report as unknown as { reappended: number }).reappended);
  tell('sentinel, unsettled lost', { again });
  expect(again[0]).toBeGreaterThanOrEqual(300);
  expect(again[1]).toBeGreaterThanOrEqual(300);
  expect([await moved.rowsLeft(), await queue.left()]).toEqual([0, 0]);
  target.disconnect();
  sqs.client.destroy();
});

test('a failover that loses what was settled already, with memory: exit 7 and the ids', async () => {
  const target = lookInto((await primary()).url);
  const table = await fillTable(await sharedPostgres().createDatabase());
  const flags = ['--rate', '1000/s', '--batch', '50'];
  const scenario = tableDrain(table.url, viaSentinel(), target, { flags });
  const process = start(scenario);
  await untilAppended(scenario, process, 500);
  const old = await primary();
  await starveReplicas(old);
  const then = await table.rowsLeft();
  await waitFor(async () => (await table.rowsLeft()) < then - 600, { what: 'settled rows', everyMs: 5 });
  await sentinel.killPrimary();
  const { code, stderr } = await process.done;
  expect(code, stderr).toBe(7);
  const error = errorOf(process);
  expect(error.code).toBe('TARGET_LOST_DATA');
  const standing = new Set((await onPrimary(scenario, readStream)).map(({ id }) => id));
  const waiting = new Set(await table.waiting());
  const lost = table.ids.filter((id) => !standing.has(id) && !waiting.has(id));
  expect(error.details.lost).toBe(lost.length);
  expect(lost.length).toBeGreaterThanOrEqual(100);
  expect(error.details.ids).toHaveLength(100);
  expect(error.details.ids.filter((id) => !lost.includes(id))).toEqual([]);
  expect(error.hint.join('\n')).toContain('--durability wait:N');
  tell('sentinel, settled lost', { lost: lost.length });
  target.disconnect();
  await sentinel.rejoin(old);
});

/** The last line of stderr. */
function errorOf(process: QctlProcess): {
  code: string;
  hint: string[];
  details: { lost: number; ids: string[] };
} {
  return JSON.parse(process.stderr().trimEnd().split('\n').at(-1)!);
}

test('with wait:1 nothing is lost by three primaries killed one after another', async () => {
  const target = lookInto((await primary()).url);
  const table = await fillTable(await sharedPostgres().createDatabase());
  const flags = ['--workers', '3', '--rate', '5000/s', '--batch', '100', '--durability', 'wait:1'];
  const scenario = tableDrain(table.url, viaSentinel(), target, { flags });
  const process = start(scenario);
  for (const reached of [2000, 6000, 10_000]) {
    await onPrimary(scenario, (now) => untilAppended(now, process, reached));
    expect(hasEnded(process), process.stderr()).toBe(false);
    await sentinel.rejoin(await sentinel.killPrimary());
  }
  const report = await finish(process);
  await onPrimary(scenario, async (now) => {
    const entries = await expectConverged(now, table.ids, report);
    expectOrderInsideKeys(entries, ({ id }) => Number(id));
  });
  expect(await table.rowsLeft()).toBe(0);
  target.disconnect();
});

test('with wait:1 an old primary that goes on taking writes beside the new one makes nothing be lost', async () => {
  const old = await primary();
  const target = lookInto(old.url);
  const table = await fillTable(await sharedPostgres().createDatabase());
  // The drain's own way to the sentinels: cut off together with the old primary, it hears nothing of the new one.
  const proxies = await Promise.all(sentinel.sentinels.map(({ port }) => startTcpProxy(port)));
  const flags = ['--workers', '3', '--rate', '1500/s', '--batch', '100', '--durability', 'wait:1'];
  const scenario = tableDrain(table.url, viaSentinel(proxies), target, { flags });
  const process = start(scenario);
  await untilAppended(scenario, process, 3000);
  for (const proxy of proxies) proxy.setBlocked('hold');
  // The sentinels cannot tell it that it is a replica now.
  const admin = new Redis(old.url);
  await admin.call('ACL', 'SETUSER', 'default', '-replicaof', '-slaveof');
  await sentinel.failover();
  await untilWaiting(process, /0 of 1 replicas/);
  expect((await entriesIn(scenario)) > 3000 && String(await admin.call('ROLE'))).toContain('master');
  await admin.call('ACL', 'SETUSER', 'default', '+replicaof', '+slaveof');
  await admin.call('REPLICAOF', '127.0.0.1', await sentinel.currentPort());
  admin.disconnect();
  for (const proxy of proxies) proxy.setBlocked(false);
  await hurry(scenario, process);
  const report = await finish(process);
  await onPrimary(scenario, async (now) => {
    const entries = await expectConverged(now, table.ids, report);
    expectOrderInsideKeys(entries, ({ id }) => Number(id));
  });
  expect(await table.rowsLeft()).toBe(0);
  await feedReplicas(old);
  target.disconnect();
  for (const proxy of proxies) await proxy.stop();
});
