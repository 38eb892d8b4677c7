import { expect, test } from 'vitest';
import { sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import { sqsFaultProxy } from '../support/sqs.ts';
import {
  expectConverged,
  expectOrderInsideKeys,
  finish,
  lookInto,
  start,
  tell,
  untilAppended,
  untilWaiting,
} from './harness.ts';
import { fillQueue, numberOf, queueDrain } from './queue.ts';

const FAULTS = {
  deleteFailureRate: 0.1,
  dropDeleteRate: 0.02,
  lostDeleteRate: 0.03,
  dropReceiveRate: 0.02,
  overLimitRate: 0.05,
  throttleRate: 0.02,
};

test.each([
  ['standard', false],
  ['FIFO', true],
])('a %s queue whose calls fail, get lost and are throttled is drained once', async (kind, fifo) => {
  const sqs = sharedSqs();
  const queue = await fillQueue(sqs, uniqueName('webhooks'), { fifo, messages: 3000 });
  const seed = Date.now() % 1_000_000;
  const proxy = await sqsFaultProxy(sqs.endpoint, { seed });
  const target = lookInto(sharedRedisUrl());
  const scenario = queueDrain(proxy.endpoint, queue.url, sharedRedisUrl(), target);
  const process = start(scenario);
  // The preflight has to pass; from the first message on nothing is reliable.
  await untilAppended(scenario, process, 0);
  proxy.set(FAULTS);
  await untilAppended(scenario, process, queue.ids.length - 1);
  // A drain ends when all receivers have seen nothing, one after the other: with faults it takes them long.
  proxy.set({ dropReceiveRate: 0, overLimitRate: 0, throttleRate: 0 });
  const report = await finish(process, `seed ${seed}`);
  proxy.set(Object.fromEntries(Object.keys(FAULTS).map((name) => [name, 0])));
  const { calls, ...faults } = proxy.stats;
  tell(`sqs faults, ${kind}`, { ...faults, suppressed: report.duplicatesSuppressed, seed });
  expect(faults.lostDeletes).toBeGreaterThan(0);
  expect(report.duplicatesSuppressed).toBeGreaterThan(0);
  const entries = await expectConverged(scenario, queue.ids, report, `seed ${seed}`);
  if (fifo) expectOrderInsideKeys(entries, numberOf, `seed ${seed}`);
  expect(await queue.left()).toBe(0);
  await proxy.stop();
  target.disconnect();
  sqs.client.destroy();
});

test('a queue that throttles every call is waited for, with the reason', async () => {
  const sqs = sharedSqs();
  const queue = await fillQueue(sqs, uniqueName('webhooks'), { messages: 2000 });
  const proxy = await sqsFaultProxy(sqs.endpoint);
  const target = lookInto(sharedRedisUrl());
  const scenario = queueDrain(proxy.endpoint, queue.url, sharedRedisUrl(), target, ['--rate', '1500/s']);
  const process = start(scenario);
  await untilAppended(scenario, process, 500);
  proxy.set({ throttleRate: 1 });
  await untilWaiting(process, /slow down/);
  proxy.set({ throttleRate: 0 });
  const report = await finish(process);
  await expectConverged(scenario, queue.ids, report);
  await proxy.stop();
  target.disconnect();
  sqs.client.destroy();
});
