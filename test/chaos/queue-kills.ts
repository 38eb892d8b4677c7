import { expect } from 'vitest';
import { sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import {
  drainThroughKills,
  expectConverged,
  expectOrderInsideKeys,
  KILLS,
  lookInto,
  MESSAGES,
  tell,
} from './harness.ts';
import { fillQueue, numberOf, queueDrain } from './queue.ts';

interface Lives {
  flags: string[];
  kills: number;
  messages: number;
}

/** Kills a drain of a queue again and again and checks the stream and the queue. Returns the ids of all messages. */
export async function surviveKills(
  name: string,
  fifo: boolean,
  { flags = [], kills = KILLS, messages = MESSAGES }: Partial<Lives> = {},
): Promise<string[]> {
  const sqs = sharedSqs();
  const queue = await fillQueue(sqs, uniqueName('webhooks'), { fifo, messages, groups: messages / 10 });
  const target = lookInto(sharedRedisUrl());
  // The same share of them in each life, however many there are.
  const pace = ['--rate', `${Math.round(messages * 0.15)}/s`];
  const scenario = queueDrain(sqs.endpoint, queue.url, sharedRedisUrl(), target, [...pace, ...flags]);
  const { report, landed, seed } = await drainThroughKills(scenario, { kills });
  tell(name, { kills: landed, suppressed: report.duplicatesSuppressed, seed });
  expect(landed, `seed ${seed}`).toBeGreaterThanOrEqual(kills - 1);
  const entries = await expectConverged(scenario, queue.ids, report, `seed ${seed}`);
  if (fifo) expectOrderInsideKeys(entries, numberOf, `seed ${seed}`);
  expect(await queue.left()).toBe(0);
  target.disconnect();
  sqs.client.destroy();
  return queue.ids;
}
