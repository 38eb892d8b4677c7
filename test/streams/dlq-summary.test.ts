import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { type DeadLetterSummary, serverTimeMs, summariseDeadLetters } from '../../src/streams/index.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { deadOf, work } from './dlq-support.ts';

const HOUR = 3_600_000;
let redis: RedisConnection;
let dead: string;

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());
beforeEach(async () => {
  dead = `${uniqueName('orders')}:dead`;
  // Known, and empty.
  await redis.client.xadd(dead, '1-0', 'a', 'b');
  await redis.client.xdel(dead, '1-0');
});

const summary = async (reasons = 20, seen: number[] = []) =>
  summariseDeadLetters(
    redis,
    await deadOf(redis, dead),
    { reasons, progress: (count, of) => seen.push(count, of) },
    work,
  );

async function addMany(
  reasons: readonly (string | undefined)[],
  agesMs: readonly number[] = [],
): Promise<void> {
  const now = await serverTimeMs(redis);
  for (let at = 0; at < reasons.length; at += 5000) {
    const pipeline = redis.client.pipeline();
    reasons.slice(at, at + 5000).forEach((reason, i) => {
      const time = new Date(now - (agesMs[at + i] ?? 0)).toISOString();
      const noted = reason === undefined ? [] : ['reason', reason];
      pipeline.xadd(dead, '*', ...noted, 'dlq.deadAt', time, 'body', 'x');
    });
    await pipeline.exec();
  }
}

/** Ages are those at the time of counting: rounded down to the hour. */
function inHours({ oldestAgeMs, newestAgeMs, ...rest }: DeadLetterSummary['reasons'][number]) {
  const hours = (ms: number | null) => (ms === null ? null : Math.floor(ms / HOUR));
  return { ...rest, oldest: hours(oldestAgeMs), newest: hours(newestAgeMs) };
}

test('an empty stream has 0 of everything', async () => {
  expect(await summary()).toEqual({
    ...{ stream: dead, entries: 0, reasons: [], exactReasons: true, oldestAgeMs: null, newestAgeMs: null },
    ages: { underHour: 0, underDay: 0, underWeek: 0, older: 0, unknown: 0 },
  });
});

test('reasons are counted by age, the most frequent first', async () => {
  const [minute, day] = [60_000, 24 * HOUR];
  const ages = [minute, HOUR + minute, 23 * HOUR, day + minute, 6 * day, 7 * day + minute, 90 * day];
  await addMany(['a', 'b', 'b', 'a', 'b', 'b', undefined], ages);
  await redis.client.xadd(dead, '18446744073709551615-1', 'reason', 'a');
  const { reasons, ...all } = await summary();
  const none = { underHour: 0, underDay: 0, underWeek: 0, older: 0, unknown: 0 };
  expect(reasons.map(inHours)).toEqual([
    {
      ...{ reason: 'b', otherReasons: 0, share: 0.5, entries: 4, oldest: 168, newest: 1 },
      ages: { ...none, underDay: 2, underWeek: 1, older: 1 },
    },
    {
      ...{ reason: 'a', otherReasons: 0, share: 3 / 8, entries: 3, oldest: 24, newest: 0 },
      ages: { ...none, underHour: 1, underWeek: 1, unknown: 1 },
    },
    {
      ...{ reason: null, otherReasons: 0, share: 1 / 8, entries: 1, oldest: 90 * 24, newest: 90 * 24 },
      ages: { ...none, older: 1 },
    },
  ]);
  expect(all).toMatchObject({
    ...{ stream: dead, entries: 8, exactReasons: true },
    ages: { underHour: 1, underDay: 2, underWeek: 2, older: 2, unknown: 1 },
  });
});

test('the rarest reasons go together, and their number is told', async () => {
  await addMany(['a', 'a', 'a', 'b', 'b', 'c', 'd', 'd', 'e']);
  const seen: number[] = [];
  const { reasons, exactReasons } = await summary(2, seen);
  expect(reasons.map(({ reason, otherReasons, entries }) => [reason, otherReasons, entries])).toEqual([
    ['a', 0, 3],
    ['b', 0, 2],
    [null, 3, 4],
  ]);
  expect([exactReasons, seen]).toEqual([true, [9, 9]]);
});

test('a million different reasons do not fill the memory: the frequent ones stay, and it says so', async () => {
  // More than are kept apart at a time.
  const reasons = Array.from({ length: 24_000 }, (_, n) => (n % 4 === 0 ? 'often' : `once ${n}`));
  await addMany(reasons);
  const found = await summary(1);
  expect(found.reasons.map(({ reason, entries }) => [reason, entries])).toEqual([
    ['often', 6000],
    [null, 18_000],
  ]);
  expect([found.entries, found.exactReasons]).toEqual([24_000, false]);
  await redis.client.del(dead);
});
