import { expect } from 'vitest';
import { sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import {
  drainThroughKills,
  expectConverged,
  expectOrderInsideKeys,
  KILLS,
  lookInto,
  tell,
} from './harness.ts';
import { fillQueue, numberOf, queueDrain } from './queue.ts';

/** Kills a drain of a queue 25 times and checks the stream and the queue. Returns the ids of all messages. */
export async function surviveKills(name: string, fifo: boolean, flags: string[] = []): Promise<string[]> {
  const sqs = sharedSqs();
  const queue = await fillQueue(sqs, uniqueName('webhooks'), { fifo });
  const target = lookInto(sharedRedisUrl());
  const scenario = queueDrain(sqs.endpoint, queue.url, sharedRedisUrl(), target, [
    '--rate',
    '3000/s',
    ...flags,
  ]);
  const { report, landed, seed } = await drainThroughKills(scenario, { kills: KILLS });
  tell(name, { kills: landed, suppressed: report.duplicatesSuppressed, seed });
  expect(landed, `seed ${seed}`).toBeGreaterThanOrEqual(25);
  const entries = await expectConverged(scenario, queue.ids, report, `seed ${seed}`);
  if (fifo) expectOrderInsideKeys(entries, numberOf, `seed ${seed}`);
  expect(await queue.left()).toBe(0);
  target.disconnect();
  sqs.client.destroy();
  return queue.ids;
}
