import { expect } from 'vitest';
import { sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import {
  drainThroughKills,
  expectExactlyOnce,
  expectOrderInsideKeys,
  expectVerified,
  KILLS,
  lookInto,
  readStream,
  type Scenario,
  tell,
} from './harness.ts';
import { fillQueue, numberOf } from './queue.ts';

/** Short, because the messages of a killed process come back only after it. */
const QUICK = ['--visibility', '2s', '--wait', '1s', '--settle', '1s', '--workers', '16'];

/** Kills a drain of a queue 25 times and checks the stream and the queue. */
export async function surviveKills(name: string, fifo: boolean): Promise<void> {
  const sqs = sharedSqs();
  const queue = await fillQueue(sqs, uniqueName('webhooks'), { fifo });
  const target = lookInto(sharedRedisUrl());
  const scenario = drainOf(sqs.endpoint, queue.url, target);
  const { report, landed, seed } = await drainThroughKills(scenario, { kills: KILLS });
  tell(name, { kills: landed, suppressed: report.duplicatesSuppressed, seed });
  expect(landed, `seed ${seed}`).toBeGreaterThanOrEqual(25);
  const entries = await readStream(scenario);
  expectExactlyOnce(entries, queue.ids, `seed ${seed}`);
  if (fifo) expectOrderInsideKeys(entries, numberOf, `seed ${seed}`);
  expect(await queue.left()).toBe(0);
  await expectVerified(scenario, report.run);
  target.disconnect();
  sqs.client.destroy();
}

function drainOf(endpoint: string, url: string, target: Scenario['target']): Scenario {
  const stream = uniqueName('webhooks');
  const queue = ['--queue-url', url, '--sqs-endpoint', endpoint, '--region', 'us-east-1'];
  const connection = ['--redis-url', sharedRedisUrl(), ...queue];
  const command = ['sqs', '--stream', stream, '--rate', '3000/s', ...QUICK, ...connection];
  return { command, connection, stream, target };
}
