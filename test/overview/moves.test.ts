import { expect, test } from 'vitest';
import type { SourceConfig } from '../../src/config/schema.ts';
import { sharedPostgres, sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import { connected, doorsTo, opened, until } from './driver.ts';

test('old queues against their streams: rows, an SQS queue, and one that cannot be counted', async () => {
  const url = await sharedPostgres().createDatabase();
  const database = new URL(url).pathname.slice(1);
  await sharedPostgres().query(
    'CREATE TABLE alerts AS SELECT n AS id FROM generate_series(1, 6) n',
    [],
    database,
  );
  const sqs = sharedSqs();
  const queueUrl = await sqs.createQueue(uniqueName('webhooks'));
  await sqs.send(queueUrl, ['a', 'b', 'c']);
  const redis = await connected(sharedRedisUrl());
  const stream = uniqueName('alerts');
  const [parted, empty] = [uniqueName('webhooks'), uniqueName('jobs')];
  for (let n = 0; n < 5; n += 1) await redis.client.xadd(stream, '*', 'n', String(n));
  for (const group of ['slow', 'quick']) await redis.client.xgroup('CREATE', stream, group, '0');
  await redis.client.xreadgroup('GROUP', 'slow', 'c', 'COUNT', 1, 'STREAMS', stream, '>');
  const read = await redis.client.xreadgroup('GROUP', 'quick', 'c', 'COUNT', 5, 'STREAMS', stream, '>');
  const ids = (read as unknown as [[string, [string][]]])[0][1].map(([id]) => id);
  await redis.client.xack(stream, 'quick', ...ids);
  for (const p of [0, 2]) await redis.client.xadd(`${parted}:{${p}}`, '*', 'n', '1');
  const sources: Record<string, SourceConfig> = {
    alerts: { kind: 'postgres', table: 'alerts', stream },
    gone: { kind: 'postgres', table: 'nowhere', stream: empty },
    elsewhere: { kind: 'postgres', table: 'alerts' },
    webhooks: { kind: 'sqs', queueUrl, stream: parted },
  };
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const overview = opened(
    doorsTo(redis, {
      config: async () => ({ sources, streams: { [parted]: { partitions: 3 } } }),
      postgres: async () => ({ url }),
      sqs: async () => ({ queueUrl, endpoint: sqs.endpoint, region: 'eu-west-1', credentials }),
    }),
  );
  const first = (await overview.first()).snapshot!;
  // The look did not wait for them.
  expect(first.moves[0]).toMatchObject({ source: 'alerts', oldDepth: null, newDepth: 5 });
  const { snapshot } = await until(overview, (seen) => seen.snapshot?.moves.every(({ oldAt }) => oldAt));
  const exact = { kind: 'postgres', oldInFlight: null, oldApproximate: false };
  expect(snapshot!.moves).toEqual([
    { ...exact, source: 'alerts', stream, oldDepth: 6, oldAt: expect.any(String), newDepth: 5, why: null },
    {
      ...exact,
      ...{ source: 'gone', stream: empty, oldDepth: null, oldAt: expect.any(String), newDepth: 0 },
      why: expect.stringContaining('nowhere'),
    },
    {
      ...{
        source: 'webhooks',
        kind: 'sqs',
        stream: parted,
        oldDepth: 3,
        oldInFlight: 0,
        oldApproximate: true,
      },
      ...{ oldAt: expect.any(String), newDepth: 2, why: null },
    },
  ]);
});
