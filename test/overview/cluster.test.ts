import { expect, onTestFinished, test } from 'vitest';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { startCluster } from '../support/redis-topologies.ts';
import { doorsTo, nextLook, opened } from './driver.ts';

test('a cluster is looked at as one: streams of all its primaries, and sums over them', async () => {
  const cluster = await startCluster();
  const redis = await connectRedis({ cluster: { nodes: cluster.seeds } });
  onTestFinished(async () => {
    await redis.close();
    await cluster.stop();
  });
  const names = Array.from({ length: 12 }, (_, p) => `orders:{${p}}`);
  for (const name of names) {
    await redis.client.xadd(name, '*', 'n', '1');
    await redis.client.xgroup('CREATE', name, 'workers', '0');
  }
  await redis.client.xadd('{alerts}:dead', '*', 'n', '1');
  const snapshot = await nextLook(opened(doorsTo(redis)));
  expect(snapshot).toMatchObject({
    missing: [],
    redis: { kind: 'cluster', role: 'master', keys: 13, replicas: 0 },
    deadLetters: [{ stream: '{alerts}:dead', length: 1 }],
  });
  expect(snapshot.streams.map(({ stream, lag }) => [stream, lag])).toEqual(
    names.sort().map((name) => [name, 1]),
  );
});
