import { expect, test } from 'vitest';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { connected, doorsTo, nextLook, opened } from './driver.ts';

test('a look shows the server, a stream and its groups', async () => {
  const redis = await connected(sharedRedisUrl());
  const stream = uniqueName('seen');
  for (let n = 0; n < 5; n += 1) await redis.client.xadd(stream, '*', 'n', String(n));
  await redis.client.xgroup('CREATE', stream, 'workers', '0');
  await redis.client.xreadgroup('GROUP', 'workers', 'c1', 'COUNT', 2, 'STREAMS', stream, '>');
  const overview = opened(doorsTo(redis), { match: `${stream}*` });
  const snapshot = await nextLook(overview);
  expect(snapshot.missing).toEqual([]);
  expect(snapshot.redis).toMatchObject({ kind: 'standalone', role: 'master', maxMemoryBytes: null });
  expect(snapshot.streams).toMatchObject([
    { stream, length: 5, pending: 2, lag: 3, groups: [{ group: 'workers', lag: 3, lagHow: 'reported' }] },
  ]);
});
