import { afterAll, expect, test } from 'vitest';
import { fillStream } from '../drain/back-driver.ts';
import { drain } from '../drain/driver.ts';
import { sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import { sqsFaultProxy, standingIn } from '../support/sqs.ts';
import {
  type BackScenario,
  backThroughKills,
  backWords,
  consumeHalf,
  outcomeOf,
  startBack,
  untilReturned,
} from './back.ts';
import { lookInto, tell } from './harness.ts';
import { fillQueue } from './queue.ts';

const GROUPS = 500;
const target = lookInto(sharedRedisUrl());
const sqs = sharedSqs();
afterAll(() => {
  target.disconnect();
  sqs.client.destroy();
});

function scenarioOf(endpoint: string, url: string, stream: string, flags: string[]): BackScenario {
  const queue = ['--to', 'sqs', '--queue-url', url, '--sqs-endpoint', endpoint, '--region', 'us-east-1'];
  return { command: [...backWords(stream, 'workers'), ...queue, ...flags], stream, group: 'workers', target };
}

test('5,000 messages of a FIFO queue, half of them consumed, go back through kill -9: none lost, none doubled, each group in its order', async () => {
  const queue = await fillQueue(sqs, uniqueName('webhooks'), { fifo: true, messages: 5000, groups: GROUPS });
  const stream = uniqueName('webhooks');
  await drain({
    queueUrl: queue.url,
    endpoint: sqs.endpoint,
    target: { stream, createGroup: 'workers' },
    settings: { workers: 16 },
  });
  const scenario = scenarioOf(sqs.endpoint, queue.url, stream, ['--rate', '800/s']);
  const { finished } = await consumeHalf(scenario, { take: 2500, pending: 500 });
  const { report, landed, seed } = await backThroughKills(scenario, { kills: 5 });
  tell('back to a FIFO queue', { kills: landed, seed });
  expect(landed, `seed ${seed}`).toBeGreaterThanOrEqual(4);
  expect(report).toMatchObject({ acknowledged: 3000, doubtful: 0 });
  const back = await standingIn(sqs.endpoint, queue.url);
  const ids = back.map(({ messageAttributes }) => messageAttributes['qctl.id']!.StringValue!);
  expect([...finished, ...ids].sort(), `seed ${seed}`).toEqual([...queue.ids].sort());
  const last = new Map<string, number>();
  for (const { body, messageGroupId } of back) {
    const n = Number(body.slice(8));
    expect(messageGroupId, `seed ${seed}`).toBe(`group-${n % GROUPS}`);
    expect(last.get(`${n % GROUPS}`) ?? -1, `seed ${seed}`).toBeLessThan(n);
    last.set(`${n % GROUPS}`, n);
  }
});

test('a standard queue whose answers get lost: nothing is lost, and whatever stands there twice is named', async () => {
  const url = await sqs.createQueue(uniqueName('webhooks'));
  const stream = uniqueName('webhooks');
  await fillStream(
    stream,
    Array.from({ length: 2000 }, (_, n) => ({ id: `m${n}`, body: `message ${n}` })),
  );
  const seed = Date.now() % 1_000_000;
  const proxy = await sqsFaultProxy(sqs.endpoint, { seed });
  const scenario = scenarioOf(proxy.endpoint, url, stream, ['--rate', '3000/s']);
  const process = startBack(scenario);
  await untilReturned(scenario, process, 0);
  proxy.set({ sendFailureRate: 0.05, dropSendRate: 0.02, throttleRate: 0.05 });
  await untilReturned(scenario, process, 800);
  process.child.kill('SIGKILL');
  await process.done;
  proxy.set({ sendFailureRate: 0.05, dropSendRate: 0.02, throttleRate: 0 });
  const report = outcomeOf(await startBack(scenario).done, `seed ${seed}`);
  const { calls, ...faults } = proxy.stats;
  const back = await standingIn(sqs.endpoint, url);
  const times = new Map<string, { count: number; entry: string }>();
  for (const { body, messageAttributes } of back) {
    const entry = messageAttributes['qctl.entry']!.StringValue!.split(' ')[1]!;
    times.set(body, { count: (times.get(body)?.count ?? 0) + 1, entry });
  }
  const doubled = [...times.values()].filter(({ count }) => count > 1).map(({ entry }) => entry);
  tell('back to a standard queue', { ...faults, doubtful: report.doubtful, doubled: doubled.length, seed });
  expect(times.size, `seed ${seed}`).toBe(2000);
  const named = new Set(report.doubtfulEntries.map(({ entry }) => entry));
  expect(
    doubled.filter((entry) => !named.has(entry)),
    `seed ${seed}`,
  ).toEqual([]);
  expect(doubled.length).toBeGreaterThan(0);
  await proxy.stop();
});
