import { expect, test } from 'vitest';
import type { RedisConnection } from '../../src/backends/redis/index.ts';
import type { StreamRow } from '../../src/overview/snapshot.ts';
import { streamRow } from '../../src/overview/stream-rows.ts';
import { requireFacts, type StreamFacts } from '../../src/streams/index.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { connected } from './driver.ts';

let stream: string;
let redis: RedisConnection;
let last: StreamFacts | undefined;

async function start(): Promise<void> {
  redis = await connected(sharedRedisUrl());
  stream = uniqueName('rates');
  last = undefined;
}

/** A look some ms after the one before. */
async function look(): Promise<{ row: StreamRow; seconds: number }> {
  const before = last;
  last = await waitFor(async () => {
    const facts = await requireFacts(redis, stream, { count: 10 });
    return facts.timeMs > (before?.timeMs ?? 0) ? facts : undefined;
  });
  const row = streamRow(last, before, last.timeMs, 0);
  return { row, seconds: (last.timeMs - (before?.timeMs ?? 0)) / 1000 };
}

async function add(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await redis.client.xadd(stream, '*', 'n', String(n));
}

async function read(count: number, group = 'workers'): Promise<string[]> {
  const reply = await redis.client.xreadgroup('GROUP', group, 'c1', 'COUNT', count, 'STREAMS', stream, '>');
  const [[, entries]] = reply as [[string, [string, string[]][]]];
  return entries.map(([id]) => id);
}

test('what was added, given and finished between two looks, by the second', async () => {
  await start();
  await add(10);
  await redis.client.xgroup('CREATE', stream, 'workers', '0');
  await redis.client.xgroup('CREATE', stream, 'quick', '0');
  await read(2);
  const { row: first } = await look();
  expect(first).toMatchObject({ inPerSecond: null, outPerSecond: null });
  await add(7);
  const given = await read(4);
  await redis.client.xack(stream, 'workers', ...given.slice(0, 3));
  await redis.client.xack(stream, 'quick', ...(await read(12, 'quick')));
  const { row, seconds } = await look();
  const rate = (count: number) => expect.closeTo(count / seconds, 6);
  expect(row).toMatchObject({ inPerSecond: rate(7), outPerSecond: rate(3), pending: 3, lag: 11 });
  expect(row.groups).toMatchObject([
    { group: 'quick', deliveredPerSecond: rate(12), finishedPerSecond: rate(12) },
    { group: 'workers', deliveredPerSecond: rate(4), finishedPerSecond: rate(3) },
  ]);
});

test('without any traffic the rates are 0, and not unknown', async () => {
  await start();
  await add(3);
  await redis.client.xgroup('CREATE', stream, 'workers', '0');
  await read(1);
  await look();
  const { row } = await look();
  expect(row).toMatchObject({ inPerSecond: 0, outPerSecond: 0 });
});

test('a position that somebody has set is no work', async () => {
  await start();
  await add(20);
  await redis.client.xgroup('CREATE', stream, 'workers', '0');
  await read(15);
  await look();
  await redis.client.xgroup('SETID', stream, 'workers', '0');
  await read(2);
  const { row: back } = await look();
  expect(back.groups).toMatchObject([{ deliveredPerSecond: null, finishedPerSecond: null }]);
  await look();
  // Says of itself that it has read more than there ever was.
  await redis.client.call('XGROUP', 'SETID', stream, 'workers', '$', 'ENTRIESREAD', '1000');
  const { row: forth } = await look();
  expect(forth.groups).toMatchObject([{ deliveredPerSecond: null }]);
});

test('a stream that was deleted and made anew has no rate of before', async () => {
  await start();
  await add(20);
  await look();
  await redis.client.del(stream);
  await add(5);
  const { row } = await look();
  expect(row).toMatchObject({ length: 5, inPerSecond: null });
});

test('a lag that is not known is null, between two bounds', async () => {
  await start();
  await add(40);
  await redis.client.xgroup('CREATE', stream, 'workers', '0');
  await read(5);
  await redis.client.xtrim(stream, 'MAXLEN', 38);
  const { row } = await look();
  expect(row).toMatchObject({ lag: null, lagAtLeast: 10, lagAtMost: 37 });
  expect(row.groups).toMatchObject([
    { lag: null, lagHow: 'bound', oldestUndeliveredAgeMs: expect.any(Number) },
  ]);
});
