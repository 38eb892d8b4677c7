import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import {
  type GroupFacts,
  judgeLag,
  type Lag,
  measureLag,
  requireFacts,
  type StreamFacts,
} from '../../src/streams/index.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;
const call = (...words: (string | number)[]) => redis.client.call(...(words.map(String) as [string]));

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());

const readAs = (stream: string, group: string, count: number) =>
  call('XREADGROUP', 'GROUP', group, 'c', 'COUNT', count, 'STREAMS', stream, '>');

const TIME = 1_763_721_600_000;

/** A stream of ten entries, 1-0 to 10-0, of which none was ever removed. */
const facts: StreamFacts = {
  stream: 's',
  timeMs: TIME,
  length: 10,
  firstId: '1-0',
  lastId: '10-0',
  lastGeneratedId: '10-0',
  maxDeletedId: '0-0',
  entriesAdded: 10,
  memoryBytes: null,
  groups: [],
};
/** A group that stands behind the fourth of them. */
const group: GroupFacts = {
  group: 'g',
  consumers: 1,
  pending: 0,
  lastDeliveredId: '4-0',
  entriesRead: 4,
  reportedLag: 6,
  oldestPendingId: null,
};
const known = (lag: number, how: Lag['how'], note: string | null): Lag => ({
  ...{ lag, atLeast: lag, atMost: lag, how, note },
});
const between = (atLeast: number, atMost: number, note: string): Lag => ({
  ...{ lag: null, atLeast, atMost, how: 'bound', note },
});

describe('a lag', () => {
  const counted = { count: 6, complete: true, firstId: '5-0', lastId: '10-0' };
  const trimmed = { ...facts, entriesAdded: 15 };
  const mayCount = 'Redis reports 6, which may count entries that were deleted or trimmed';
  const unknown =
    'Redis reports no lag: the position was set to an id, or there is a gap before or behind it';
  const empty = { ...facts, length: 0, firstId: null, lastId: null };
  test.each<[name: string, StreamFacts, GroupFacts, Lag]>([
    ['is what Redis reports where no entry was ever removed', facts, group, known(6, 'reported', null)],
    ['of an empty stream is 0', empty, { ...group, reportedLag: 0 }, known(0, 'position', null)],
    [
      'of an empty stream is 0, whatever Redis reports',
      empty,
      group,
      known(
        0,
        'position',
        'Redis reports 6, which counts entries that were deleted or trimmed; no entry lies behind its position',
      ),
    ],
    [
      'behind the last entry is 0 although Redis does not know it',
      trimmed,
      { ...group, lastDeliveredId: '10-0', reportedLag: null },
      known(0, 'position', null),
    ],
    [
      'before the first entry is the length',
      { ...trimmed, firstId: '5-0', length: 6 },
      { ...group, reportedLag: 9 },
      known(
        6,
        'position',
        'Redis reports 9, which counts entries that were deleted or trimmed; all entries lie behind its position',
      ),
    ],
    [
      'at the first entry is one less than the length',
      { ...trimmed, firstId: '4-0', length: 6 },
      { ...group, reportedLag: null },
      known(5, 'position', null),
    ],
    ['of a stream that was trimmed is not taken from Redis', trimmed, group, between(1, 9, mayCount)],
    [
      'of a stream that was trimmed is counted',
      trimmed,
      { ...group, counted },
      known(6, 'counted', `${mayCount}; counted to the end`),
    ],
    [
      'that was not counted to the end is at least so much',
      trimmed,
      { ...group, counted: { ...counted, count: 3, complete: false } },
      between(3, 9, `${mayCount}; counted up to 3 entries`),
    ],
    ['that Redis does not know is never 0', facts, { ...group, reportedLag: null }, between(1, 9, unknown)],
    [
      'is not known before Redis 7.0',
      { ...facts, entriesAdded: null, maxDeletedId: null },
      { ...group, reportedLag: null, entriesRead: null },
      between(1, 9, 'this version of Redis does not report a lag'),
    ],
    [
      'that the length rules out is not believed: a tool told Redis a wrong count',
      facts,
      { ...group, reportedLag: -990 },
      between(1, 9, "Redis reports -990, which the stream's length rules out"),
    ],
    [
      'of 10 with an entry before the position is not believed',
      facts,
      { ...group, reportedLag: 10 },
      between(1, 9, "Redis reports 10, which the stream's length rules out"),
    ],
  ])('%s', (_, stream, one, lag) => {
    expect(judgeLag(stream, one)).toEqual(lag);
  });

  test('is found over many pages, and only as far as it is asked for', async () => {
    const stream = uniqueName('long');
    const pipeline = redis.client.pipeline();
    for (let id = 1; id <= 7000; id += 1) pipeline.xadd(stream, `${id}-0`, 'n', String(id));
    pipeline.xdel(stream, '6000-0').xgroup('CREATE', stream, 'g', '500-0');
    await pipeline.exec();
    const found = await requireFacts(redis, stream);
    const counted = await requireFacts(redis, stream, { count: 1000 });
    const note = found.entriesAdded === null ? 'this version of Redis does not report a lag' : unknown;
    const toTheEnd = known(6499, 'counted', `${note}; counted to the end`);
    const [one, more] = [found.groups[0]!, counted.groups[0]!];
    expect(await measureLag(redis, found, one, { limit: 10_000 })).toEqual(toTheEnd);
    expect(await measureLag(redis, counted, more, { limit: 10_000 })).toEqual(toTheEnd);
    expect(await measureLag(redis, found, one, { limit: 3000 })).toEqual(
      between(3000, 6998, `${note}; counted up to 3000 entries`),
    );
    expect(await measureLag(redis, counted, more, { limit: 3000 })).toMatchObject({ atLeast: 3000 });
    expect(judgeLag(counted, more)).toEqual(between(1000, 6998, `${note}; counted up to 1000 entries`));
  });

  test('that Redis reports wrongly is not shown: an entry was deleted before anybody got it', async () => {
    const stream = uniqueName('wrong');
    for (let id = 1; id <= 5; id += 1) await call('XADD', stream, `${id}-0`, 'n', id);
    await call('XGROUP', 'CREATE', stream, 'g', '0');
    await readAs(stream, 'g', 1);
    await call('XDEL', stream, '2-0');
    await readAs(stream, 'g', 1);
    const found = await requireFacts(redis, stream);
    const lag = await measureLag(redis, found, found.groups[0]!, { limit: 100 });
    expect(lag).toMatchObject({ lag: 2, atLeast: 2, atMost: 2, how: 'counted' });
  });
});
