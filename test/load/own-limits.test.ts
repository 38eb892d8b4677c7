import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { profileOf, runLoad } from '../../src/load/index.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { redisDoors } from './running.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

test('a process that was held itself calls its result invalid, whatever the thresholds say', async () => {
  const redis = await connectRedis({ url: server.url });
  const raw = { rate: '200/s', duration: '2s', warmup: '0', thresholds: ['p50 < 1h'] };
  let held = false;
  const result = await runLoad(profileOf({ raw, folder: '.' }), redisDoors(redis), {
    signal: new AbortController().signal,
    version: 'test',
    onProgress: () => {
      const until = performance.now() + (held ? 0 : 700);
      held = true;
      while (performance.now() < until);
    },
  });
  await redis.close();
  expect(result).toMatchObject({
    verdict: 'invalid',
    generator: { limited: true },
    thresholds: [{ holds: true }],
    counts: { lost: 0, processed: 400 },
  });
  expect(result.generator.behindMs).toBeGreaterThan(300);
  expect(result.reasons[0]).toMatch(/this process handed .+ % of the messages over more than 50 ms behind/);
});

test('messages of others that come into a queue during the test stay in it', async () => {
  // The SDK looks for them by itself.
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  const sqs = sharedSqs();
  const queueUrl = await sqs.createQueue(uniqueName('orders'));
  const profile = profileOf({
    raw: {
      target: { kind: 'sqs', useQueue: true },
      rate: '50/s',
      duration: '2s',
      consumers: { count: 1, claimAfter: '1s' },
    },
    folder: '.',
  });
  const doors = {
    ...redisDoors(undefined as never),
    sqs: async () => ({ queueUrl, region: 'us-east-1', endpoint: sqs.endpoint }),
  };
  const running = runLoad(profile, doors, {
    signal: new AbortController().signal,
    version: 'test',
    onPlan: () => void setTimeout(() => void sqs.send(queueUrl, ['somebody’s order']), 700),
  });
  const { counts } = await running;
  expect(counts).toMatchObject({ processed: 100, lost: 0 });
  expect(counts.foreign).toBeGreaterThan(0);
  await waitFor(async () => (await sqs.depth(queueUrl)).total === 1, { what: 'the order is still there' });
});
