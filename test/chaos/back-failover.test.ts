import { afterAll, beforeAll, expect, test } from 'vitest';
import { laneKeys } from '../../src/sources/redis-stream/index.ts';
import { fillStream } from '../drain/back-driver.ts';
import type { QctlProcess } from '../support/qctl.ts';
import { startSentinel, starveReplicas, type TestSentinel } from '../support/redis-topologies.ts';
import { sharedPostgres, sharedSqs, uniqueName } from '../support/shared.ts';
import { type StandingMessage, standingIn } from '../support/sqs.ts';
import {
  acknowledged,
  type BackOutcome,
  type BackScenario,
  consumeHalf,
  outcomeOf,
  startBack,
  untilReturned,
} from './back.ts';
import { hasEnded, hurry, lookInto, tell } from './harness.ts';
import { fillTable } from './table.ts';

/* Three sentinels, one primary, one replica; each test leaves the two servers with their roles changed. */

const MESSAGES = 3000;
const GROUPS = 100;
// Slow until the fault has happened, so that no way back is over before: each of them is hurried then.
const PACE = ['--rate', '300/s', '--batch', '100'];
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

/** A way back of 3000 entries, of which consumers have done 400 and hold 100, to where `words` say. */
async function wayTo(words: string[]) {
  const { url } = await primary();
  const stream = uniqueName('webhooks');
  const numbers = Array.from({ length: MESSAGES }, (_, n) => n);
  await fillStream(
    stream,
    numbers.map((n) => ({ id: String(n), key: `group-${n % GROUPS}`, body: `message ${n}` })),
    { url },
  );
  const target = lookInto(url);
  const place = ['--stream', stream, '--group', 'workers', '--active-within', '0s', '--min-idle', '0s'];
  const command = [...place, ...PACE, ...words];
  const scenario: BackScenario = { command, stream, group: 'workers', target };
  const { finished } = await consumeHalf(scenario, { take: 500, pending: 100 });
  // What consumers have done is no part of what the failover takes back.
  expect(await target.wait(1, 20_000)).toBe(1);
  return { scenario, finished };
}

async function wayToQueue(kind: 'standard' | 'fifo', flags: string[] = []) {
  const queueUrl = await sqs.createQueue(uniqueName('webhooks'), { fifo: kind === 'fifo' });
  const place = ['--queue-url', queueUrl, '--sqs-endpoint', sqs.endpoint, '--region', 'us-east-1'];
  return { ...(await wayTo(['--to', 'sqs', ...place, ...flags])), queueUrl };
}

async function wayToTable() {
  const table = await fillTable(await sharedPostgres().createDatabase(), 0);
  const place = ['--postgres-url', table.url, '--table', 'alerts', '--key', 'agent'];
  return { ...(await wayTo(['--to', 'postgres', ...place])), table };
}

function viaSentinel(): Record<string, string> {
  const hosts = sentinel.sentinels.map(({ host, port }) => `${host}:${port}`).join(',');
  return { REDIS_SENTINEL_HOSTS: hosts, REDIS_SENTINEL_MASTER_NAME: sentinel.name };
}

/** Kills the primary, waits for the new one, and lets all that runs go on at full speed. */
async function failOver(running: QctlProcess[]): Promise<void> {
  for (const process of running) expect(hasEnded(process), process.stderr()).toBe(false);
  await sentinel.rejoin(await sentinel.killPrimary());
  await Promise.all(running.map((process) => hurry({ env: viaSentinel() }, process)));
}

const attribute = ({ messageAttributes }: StandingMessage, name: string): string =>
  messageAttributes[name]!.StringValue!;

/** How often each message stands in the queue, by its entry; all of them were sent with the body of their id. */
async function standing(queueUrl: string): Promise<{ ids: string[]; doubled: string[] }> {
  const messages = await standingIn(sqs.endpoint, queueUrl);
  const entries = new Map<string, number>();
  for (const message of messages) {
    expect(message.body.slice('message '.length)).toBe(attribute(message, 'qctl.id'));
    const entry = attribute(message, 'qctl.entry').split(' ')[1]!;
    entries.set(entry, (entries.get(entry) ?? 0) + 1);
  }
  const doubled = [...entries].filter(([, count]) => count > 1).map(([entry]) => entry);
  return { ids: [...new Set(messages.map((message) => attribute(message, 'qctl.id')))], doubled };
}

/** Entries that the run has noted as possibly doubled: all of them, where the report names a hundred. */
async function noted({ stream }: BackScenario, { run, doubtful }: BackOutcome): Promise<string[]> {
  const target = lookInto((await primary()).url);
  const entries = await target.hkeys(laneKeys(stream, run).doubtful);
  target.disconnect();
  expect(entries).toHaveLength(doubtful);
  return entries;
}

const allIds = Array.from({ length: MESSAGES }, (_, n) => String(n)).sort();

test('a failover that forgets what was given back: it is acknowledged again, and neither sent nor inserted again', async () => {
  const [queue, rows] = await Promise.all([wayToQueue('standard'), wayToTable()]);
  const scenarios = [queue.scenario, rows.scenario];
  const running = scenarios.map((scenario) => startBack(scenario, viaSentinel()));
  for (const [i, scenario] of scenarios.entries()) await untilReturned(scenario, running[i]!, 300);
  await starveReplicas(await primary());
  const then = await Promise.all(scenarios.map((scenario) => acknowledged(scenario)));
  for (const [i, scenario] of scenarios.entries()) await untilReturned(scenario, running[i]!, then[i]! + 300);
  for (const { target } of scenarios) target.disconnect();
  await failOver(running);
  const reports = (await Promise.all(running.map(({ done }) => done))).map((ended) => outcomeOf(ended));
  const { ids, doubled } = await standing(queue.queueUrl);
  const [, recognised] = /had forgotten that (\d+) entries/.exec(reports[0]!.notes.join('\n')) ?? [];
  tell('back, forgotten', { recognised, doubtful: reports[0]!.doubtful });
  expect([...queue.finished, ...ids].sort()).toEqual(allIds);
  expect(doubled).toEqual([]);
  expect(Number(recognised)).toBeGreaterThanOrEqual(300);
  expect([...rows.finished, ...(await rows.table.waiting())].sort()).toEqual(allIds);
  for (const { returned } of reports) expect(returned).toBe(MESSAGES - 400);
});

test('with wait:1 a failover in mid-way: nothing is lost, a FIFO queue has each message once, and doubles are named', async () => {
  const flags = ['--durability', 'wait:1'];
  const ways = await Promise.all([wayToQueue('standard', flags), wayToQueue('fifo', flags)]);
  const running = ways.map(({ scenario }) => startBack(scenario, viaSentinel()));
  for (const [i, { scenario }] of ways.entries()) await untilReturned(scenario, running[i]!, 400);
  await starveReplicas(await primary());
  for (const { scenario } of ways) scenario.target.disconnect();
  await failOver(running);
  const reports = (await Promise.all(running.map(({ done }) => done))).map((ended) => outcomeOf(ended));
  for (const [i, { scenario, queueUrl, finished }] of ways.entries()) {
    const { ids, doubled } = await standing(queueUrl);
    const { doubtful } = reports[i]!;
    tell(`back to a ${['standard', 'FIFO'][i]} queue, wait:1`, { doubtful, doubled: doubled.length });
    expect([...finished, ...ids].sort()).toEqual(allIds);
    const named = new Set(await noted(scenario, reports[i]!));
    expect(doubled.filter((entry) => !named.has(entry))).toEqual([]);
    if (i === 1) expect([doubled, doubtful]).toEqual([[], 0]);
  }
});
