import { expect, test } from 'vitest';
import type { RedisConnection } from '../../src/backends/redis/index.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { connected, doorsTo, opened } from './driver.ts';

async function filled(): Promise<{ redis: RedisConnection; stream: string }> {
  const redis = await connected(sharedRedisUrl());
  const stream = uniqueName('detail');
  for (let n = 0; n < 3; n += 1) await redis.client.xadd(stream, '*', 'n', String(n));
  await redis.client.xgroup('CREATE', stream, 'workers', '0');
  await redis.client.xreadgroup('GROUP', 'workers', 'c1', 'COUNT', 2, 'STREAMS', stream, '>');
  return { redis, stream };
}

test('one stream with its groups and consumers, and what is pending there', async () => {
  const { redis, stream } = await filled();
  const overview = opened(doorsTo(redis), { match: stream });
  expect(await overview.stream(stream)).toMatchObject([
    { stream, groups: [{ group: 'workers', members: [{ consumer: 'c1', pending: 2 }] }] },
  ]);
  const { entries, pending } = await overview.pending(stream, 'workers');
  expect({ pending, deliveries: entries.map((one) => one.deliveries) }).toEqual({
    pending: 2,
    deliveries: [1, 1],
  });
});

test('who asks for what is not there is told, and a pattern means no stream', async () => {
  const { redis, stream } = await filled();
  const overview = opened(doorsTo(redis), { match: stream });
  await expect(overview.stream(`${stream}x`)).rejects.toMatchObject({ code: 'STREAM_MISSING' });
  await expect(overview.stream(`${stream.slice(0, -1)}*`)).rejects.toMatchObject({ code: 'STREAM_MISSING' });
  await expect(overview.pending(stream, 'nobody')).rejects.toMatchObject({ code: 'GROUP_MISSING' });
  await expect(overview.deadLetters(`${stream}x`, 5)).rejects.toMatchObject({ code: 'STREAM_MISSING' });
});

test('many who ask for the same get one answer, and a failure is not kept', async () => {
  const { redis, stream } = await filled();
  const overview = opened(doorsTo(redis), { match: stream, intervalMs: 60_000 });
  const answers = await Promise.all(Array.from({ length: 50 }, () => overview.stream(stream)));
  expect(new Set(answers).size).toBe(1);
  expect(await overview.stream(stream)).toBe(answers[0]);
  const later = `${stream}-later`;
  await expect(overview.stream(later)).rejects.toThrow();
  await redis.client.xadd(later, '*', 'n', '1');
  expect(await overview.stream(later)).toMatchObject([{ length: 1 }]);
});

test('dead letters, the newest first, and one of them opened', async () => {
  const { redis, stream } = await filled();
  const dead = `${stream}:dead`;
  const long = `x${'ä'.repeat(3000)}`;
  const add = (...fields: (string | Buffer)[]) => redis.client.xadd(dead, '*', ...fields) as Promise<string>;
  const oldest = await add('body', 'first', 'reason', 'timeout');
  const raw = await add('body', Buffer.from([0xff, 0x00]), 'tag', 'a', 'tag', 'b', '__proto__', 'p');
  const newest = await add('body', long, 'attempts', '4');
  const huge = await add('body', 'x'.repeat(70_000));
  const overview = opened(doorsTo(redis), { match: stream });
  const listed = await overview.deadLetters(stream, 3);
  expect(listed.map(({ id }) => id)).toEqual([huge, newest, raw]);
  expect(listed[0]).toMatchObject({ fields: {}, payloadBytes: 70_004 });
  expect(listed[1]).toMatchObject({ cut: ['body'], fields: { body: `x${'ä'.repeat(511)}`, attempts: '4' } });
  expect(listed[2]).toMatchObject({ stream: dead, base64: ['body'], cut: [], fields: { body: '/wA=' } });
  expect(Object.entries(listed[2]!.fields).slice(1)).toEqual([
    ['tag', 'a'],
    ['tag (2)', 'b'],
    ['__proto__', 'p'],
  ]);
  expect(await overview.deadLetter(stream, newest)).toMatchObject({ fields: { body: long }, cut: [] });
  expect(await overview.deadLetter(dead, oldest)).toMatchObject({
    ...{ id: oldest, reason: 'timeout', diedAt: expect.stringMatching(/T.*Z$/) },
    fields: { body: 'first' },
  });
  expect(await overview.deadLetter(stream, '1-1')).toBeUndefined();
});
