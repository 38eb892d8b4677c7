import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import {
  type DeadLetterChoice,
  type DeadLetterFilter,
  originalFields,
  parsePosition,
  readDeadLetters,
  surveyDeadLetters,
} from '../../src/streams/index.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { ALL, addLetter, chosenOf, deadOf, killAll, lettersOf, type Streams, work } from './dlq-support.ts';

let redis: RedisConnection;
let orders: string;
let dead: string;

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());
beforeEach(() => {
  orders = uniqueName('orders');
  dead = `${orders}:dead`;
});

const UNKNOWN = {
  ...{ originalId: null, group: null, consumer: null, deliveries: null, firstSeenAt: null },
  ...{ lastDeliveredAt: null, messageType: null, priority: null, correlationId: null, retryCount: null },
};

describe('what is known of a dead letter', () => {
  test('that qctl made: all that Redis and the entry tell', async () => {
    const id = '1763721600123-7';
    const fields = [
      'type',
      'created',
      'priority',
      '5',
      'attempts',
      '2',
      'attr.correlationId',
      'c-1',
      'body',
      'ä',
    ];
    await killAll(redis, orders, [{ id, fields, deliveries: 4, idleMs: 5000 }], { reason: 'poison' });
    const [letter, ...others] = await lettersOf(redis, await deadOf(redis, orders));
    expect(others).toEqual([]);
    const { fields: all, ...known } = letter!;
    const [lastDelivered, died] = [known.lastDeliveredAt!, known.deadAt!];
    expect(known).toEqual({
      ...{ stream: dead, id: known.id, madeBy: 'qctl', reason: 'poison', originalStream: orders },
      ...{ originalId: id, group: 'workers', consumer: 'w1', deliveries: 4 },
      ...{ firstSeenAt: '2025-11-21T10:40:00.123Z', lastDeliveredAt: lastDelivered, deadAt: died },
      ...{ messageType: 'created', priority: '5', correlationId: 'c-1', retryCount: 2 },
      payloadBytes: fields.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    });
    expect(Date.parse(died) - Date.parse(lastDelivered)).toBeGreaterThanOrEqual(5000);
    expect(Math.abs(Date.parse(died) - Number(known.id.split('-')[0]))).toBeLessThan(1000);
    expect(originalFields(all).flat().map(String)).toEqual(fields);
  });

  test('that another program made: what the configuration knows to find', async () => {
    const streams: Streams = {
      [orders]: { deadLetter: 'x', entry: { reason: 'error', originalStream: 'queue', type: 'kind' } },
      other: { deadLetter: dead, entry: { originalStream: 'from', retryCount: 'tries', reason: 'why' } },
    };
    const id = await addLetter(redis, dead, '1763721600000-0', {
      ...{
        from: orders,
        error: 'boom',
        why: 'not this',
        kind: 'k',
        type: 'not this',
        attempts: '7',
        tries: '1',
      },
    });
    const [letter] = await lettersOf(redis, await deadOf(redis, dead, streams));
    const { fields: _fields, ...known } = letter!;
    expect(known).toEqual({
      ...UNKNOWN,
      ...{ stream: dead, id, madeBy: 'other', reason: 'boom', originalStream: orders, messageType: 'k' },
      ...{ deadAt: '2025-11-21T10:40:00.000Z', retryCount: 7, payloadBytes: known.payloadBytes },
    });
  });

  test('of which nobody has noted anything, and whose id is no time', async () => {
    await redis.client.call(
      'XADD',
      dead,
      '5-0',
      'stream',
      Buffer.from([0xff]),
      'reason',
      Buffer.from([0xc3]),
    );
    const [letter] = await chosenOf(redis, [await deadOf(redis, dead)], ALL);
    expect(letter).toEqual({
      ...UNKNOWN,
      ...{ stream: dead, id: '5-0', madeBy: 'other', reason: '\ufffd', originalStream: null },
      ...{ deadAt: null, payloadBytes: 14 },
    });
  });

  test('with times and counts that are none: they are unknown, not wrong', async () => {
    await addLetter(redis, dead, '1763721600000-0', {
      ...{ 'dlq.fields': '5', 'dlq.deadAt': 'yesterday', 'dlq.deliveries': 'many', 'dlq.firstSeenAt': '5' },
      ...{ 'dlq.stream': 'x'.repeat(600), attempts: '-1' },
      // Of the original entry, and no reason of its death.
      reason: 'of the order',
    });
    const [letter] = await chosenOf(redis, [await deadOf(redis, dead)], ALL);
    expect(letter).toMatchObject({
      ...{
        madeBy: 'qctl',
        reason: null,
        deliveries: null,
        firstSeenAt: null,
        deadAt: '2025-11-21T10:40:00.000Z',
      },
      ...{ originalStream: null, retryCount: null },
    });
  });

  test('with a reason of a megabyte: the start of it, and no half of a character', async () => {
    await addLetter(redis, dead, '*', { reason: `x${'ä'.repeat(500_000)}` });
    const [letter] = await chosenOf(redis, [await deadOf(redis, dead)], ALL);
    expect(letter!.reason).toBe(`x${'ä'.repeat(255)}`);
  });
});

describe('a filter', () => {
  const HOUR = 3_600_000;
  const now = 1_795_000_000_000;

  /** Five that died 5, 4, 3, 2, 1 hours ago, and one of which nobody knows when. */
  beforeEach(async () => {
    await addLetter(redis, dead, '7-0', { 'dlq.fields': '2', 'dlq.reason': 'timeless', a: 'b' });
    for (const n of [5, 4, 3, 2, 1])
      await addLetter(redis, dead, `${now - n * HOUR}-0`, {
        ...{ 'dlq.fields': '4', 'dlq.reason': n % 2 ? 'timeout' : `error ${n}`, 'dlq.group': `g${n}` },
        ...{ 'dlq.stream': n < 3 ? orders : 'mails', type: `t${n}` },
      });
    // Imported a moment ago, dead for three days.
    await addLetter(redis, dead, `${now}-0`, {
      ...{ 'dlq.fields': '3', 'dlq.reason': 'why?', 'dlq.deadAt': new Date(now - 72 * HOUR).toISOString() },
      a: 'b',
    });
  });

  const at = (text: string) => parsePosition(text, now);
  const idAt = (n: number) => `${now - n * HOUR}-0`;
  const [IMPORTED, TIMELESS] = [`${now}-0`, '7-0'];

  test.each<[string, DeadLetterFilter | (() => DeadLetterFilter), string[]]>([
    ['nothing', {}, [TIMELESS, idAt(5), idAt(4), idAt(3), idAt(2), idAt(1), IMPORTED]],
    ['a reason', { reason: 'timeout' }, [idAt(5), idAt(3), idAt(1)]],
    ['a part of a reason', { reason: 'time' }, []],
    ['a pattern', { reason: 'error*' }, [idAt(4), idAt(2)]],
    ['a pattern that is a reason itself', { reason: 'why?' }, [IMPORTED]],
    ['a group', { group: 'g4' }, [idAt(4)]],
    ['a type', { type: 't[12]' }, [idAt(2), idAt(1)]],
    ['a stream', { stream: 'mails' }, [idAt(5), idAt(4), idAt(3)]],
    // What does not say where it comes from comes from orders, whose dead-letter stream this is.
    ['the own stream', () => ({ stream: orders }), [TIMELESS, idAt(2), idAt(1), IMPORTED]],
    ['several', { reason: 'timeout', stream: 'mails' }, [idAt(5), idAt(3)]],
    ['since a duration', { since: at('2h') }, [idAt(2), idAt(1)]],
    ['until a duration', { until: [at('3h')] }, [idAt(5), idAt(4), idAt(3), IMPORTED]],
    ['both', { since: at('4h'), until: [at('3h')] }, [idAt(4), idAt(3)]],
    ['since a time', { since: at(new Date(now - 1.5 * HOUR).toISOString()) }, [idAt(1)]],
    ['since long ago', { since: at('4d') }, [idAt(5), idAt(4), idAt(3), idAt(2), idAt(1), IMPORTED]],
    ['since an id', { since: at(idAt(2)) }, [idAt(2), idAt(1), IMPORTED]],
    ['until an id', { until: [at(idAt(5))] }, [TIMELESS, idAt(5)]],
    [
      'since the start',
      { since: at('start') },
      [TIMELESS, idAt(5), idAt(4), idAt(3), idAt(2), idAt(1), IMPORTED],
    ],
    ['since the end', { since: at('end') }, []],
    ['until the start', { until: [at('start')] }, []],
    [
      'until the end',
      { until: [at('end')] },
      [TIMELESS, idAt(5), idAt(4), idAt(3), idAt(2), idAt(1), IMPORTED],
    ],
  ])('of %s', async (_, filter, ids) => {
    const chosen = await chosenOf(redis, [await deadOf(redis, dead)], {
      filter: typeof filter === 'function' ? filter() : filter,
    });
    expect(chosen.map(({ id }) => id)).toEqual(ids);
  });

  test('holds for ids, too; ids come in the order of dying, each once', async () => {
    const streams = [await deadOf(redis, dead)];
    const ids = [idAt(1), '9-9', idAt(4), TIMELESS, idAt(1)];
    const chosen = await chosenOf(redis, streams, { filter: {}, ids });
    expect(chosen.map(({ id }) => id)).toEqual([TIMELESS, idAt(4), idAt(1)]);
    const survey = await surveyDeadLetters(redis, streams, { filter: { reason: 'timeout' }, ids }, work);
    expect([survey.chosen, survey.missingIds]).toEqual([1, ['9-9', idAt(4), TIMELESS]]);
  });

  test('with a limit takes the oldest, over several streams together', async () => {
    const other = `${orders}-2:dead`;
    await addLetter(redis, other, '1-0', { a: 'b' });
    const streams = [await deadOf(redis, dead), await deadOf(redis, other)];
    const limited = async (limit: number) =>
      (await chosenOf(redis, streams, { filter: {}, limit })).map(({ stream, id }) => [stream, id]);
    expect(await limited(2)).toEqual([
      [dead, TIMELESS],
      [dead, idAt(5)],
    ]);
    expect((await limited(8)).at(-1)).toEqual([other, '1-0']);
    expect((await limited(7)).at(-1)).toEqual([dead, IMPORTED]);
  });
});

test('a limit holds over many pages', async () => {
  const pipeline = redis.client.pipeline();
  for (let n = 1; n <= 2500; n += 1) pipeline.xadd(dead, `${n}-0`, 'n', n);
  await pipeline.exec();
  const chosen = await chosenOf(redis, [await deadOf(redis, dead)], { filter: {}, limit: 2200 });
  expect([chosen.length, chosen.at(-1)!.id]).toEqual([2200, '2200-0']);
});

test('a survey says how much is chosen, how old it is, and where to stop', async () => {
  const now = 1_795_000_000_000;
  for (const n of [0, 1, 2]) await addLetter(redis, dead, `${now + n}-0`, { a: 'x'.repeat(n) });
  const streams = [await deadOf(redis, dead)];
  const survey = await surveyDeadLetters(redis, streams, { filter: {}, limit: 2 }, work);
  expect(survey).toEqual({
    shares: [
      {
        ...{ dead: streams[0], entries: 3, chosen: 2, payloadBytes: 3, lastId: `${now + 1}-0` },
        oldestDeadAt: new Date(now).toISOString(),
        newestDeadAt: new Date(now + 1).toISOString(),
      },
    ],
    ...{ chosen: 2, missingIds: [] },
  });
});

test('what dies while it is counted is not chosen', async () => {
  const pipeline = redis.client.pipeline();
  for (let n = 1; n <= 1500; n += 1) pipeline.xadd(dead, `${n}-0`, 'n', n);
  await pipeline.exec();
  const streams = [await deadOf(redis, dead)];
  const survey = await surveyDeadLetters(redis, streams, ALL, work, {
    progress: () => void redis.client.xadd(dead, '*', 'n', 'late'),
  });
  expect([survey.chosen, survey.shares[0]!.lastId]).toEqual([1500, '1500-0']);
});

test('bodies of a megabyte are read one after the other, and what is gone meanwhile is left out', async () => {
  const body = 'x'.repeat(600_000);
  for (let i = 1; i <= 12; i += 1) await addLetter(redis, dead, `${i}-0`, { n: String(i), body });
  const stream = await deadOf(redis, dead);
  const read = async (choice: DeadLetterChoice) => {
    const found: string[][] = [];
    for await (const { id, fields } of readDeadLetters(redis, stream, choice, '12-0', work)) {
      if (found.length === 0) await redis.client.xdel(dead, '3-0', '9-0');
      found.push([id, ...fields.slice(0, -1).flat().map(String)]);
    }
    return found;
  };
  const left = [1, 2, 4, 5, 6, 7, 8, 10, 11, 12].map((n) => [`${n}-0`, 'n', String(n)]);
  expect(await read(ALL)).toEqual(left);
  await addLetter(redis, dead, '13-0', { n: '13', body });
  const ids = left.map(([id]) => id!).reverse();
  expect(await read({ filter: {}, ids })).toEqual(left);
  await redis.client.del(dead);
});

test('a stop ends the looking', async () => {
  await addLetter(redis, dead, '1-0', { a: 'b' });
  const stopped = { signal: AbortSignal.abort('SIGINT'), waiting: () => undefined };
  const streams = [await deadOf(redis, dead)];
  await expect(surveyDeadLetters(redis, streams, ALL, stopped)).rejects.toBe('SIGINT');
});
