import { expect, test } from 'vitest';
import { sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { drainThroughKills, expectExactlyOnce, lookInto, readStream, tell } from './harness.ts';
import { queueDrain } from './queue.ts';

const MESSAGES = 1500;
const wanted = (n: number): boolean => n % 3 === 0;

test('a filtered drain that is killed leaves the other messages receivable, and brings the wanted ones once', async () => {
  const sqs = sharedSqs();
  const queueUrl = await sqs.createQueue(uniqueName('filtered'));
  const ids = await sqs.send(
    queueUrl,
    Array.from({ length: MESSAGES }, (_, n) => JSON.stringify({ kind: wanted(n) ? 'refund' : 'invoice', n })),
  );
  const target = lookInto(sharedRedisUrl());
  const flags = ['--type', 'body.kind', '--types', 'refund', '--pass-over', '2s', '--rate', '400/s'];
  const scenario = queueDrain(sqs.endpoint, queueUrl, sharedRedisUrl(), target, flags);
  const { report, landed, seed } = await drainThroughKills(scenario, { kills: 2, withinMs: 300 });
  tell('sqs filter', { kills: landed, suppressed: report.duplicatesSuppressed, seed });
  expect(landed).toBe(2);
  expectExactlyOnce(
    await readStream(scenario),
    ids.filter((_, n) => wanted(n)),
    `seed ${seed}`,
  );
  await waitFor(async () => (await sqs.depth(queueUrl)).inFlight === 0, {
    what: 'everything that was left visible again',
    timeoutMs: 10_000,
  });
  expect(await sqs.depth(queueUrl)).toMatchObject({ visible: (MESSAGES * 2) / 3, delayed: 0 });
  target.disconnect();
  sqs.client.destroy();
});
