import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection, runScript } from '../../src/backends/redis/index.ts';
import { importPage } from '../../src/backends/redis/scripts/import-page.ts';
import { peekPage } from '../../src/backends/redis/scripts/peek-page.ts';
import { purgePage } from '../../src/backends/redis/scripts/purge-page.ts';
import { replayPage } from '../../src/backends/redis/scripts/replay-page.ts';
import { entriesOf } from '../support/pending.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;
let dead: string;
let orders: string;
let log: string;

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());
beforeEach(() => {
  orders = uniqueName('orders');
  dead = `${orders}:dead`;
  log = `${orders}:log`;
});

const add = (id: string, ...fields: string[]) => redis.client.xadd(dead, id, ...fields);
const textsIn = async (stream: string) =>
  (await entriesOf(redis.client, stream)).map(({ fields }) => fields.map(String).join(' '));

describe('peeking', () => {
  const peek = (args: (string | number)[]) => runScript(redis.client, peekPage, [dead], args);
  const OWN = [2, 'dlq.reason', 'dlq.stream'];

  test('tells own fields from those of the entry, and reads what others made as a whole', async () => {
    await add('1-0', 'dlq.fields', '2', 'dlq.reason', 'r', 'type', 't', 'dlq.stream', 'of the entry');
    await add('2-0', 'type', 'first', 'dlq.reason', 'by hand', 'type', 'last');
    expect(await peek(['-', '+', 10, 1e6, 100, ...OWN, 'type', 'reason'])).toEqual([
      2,
      '2-0',
      1,
      [
        ['1-0', '1', 4 + 1 + 10 + 12, 'r', null, 't', null],
        ['2-0', '', 4 + 5 + 10 + 7 + 4 + 4, 'by hand', null, 'last', null],
      ],
    ]);
  });

  test('an entry of a dead letter that is one itself is left alone', async () => {
    await add(
      '1-0',
      'dlq.fields',
      '2',
      'dlq.reason',
      'outer',
      'dlq.fields',
      '2',
      'dlq.reason',
      'inner',
      'a',
      'b',
    );
    expect(await peek(['-', '+', 10, 1e6, 100, ...OWN, 'dlq.fields'])).toMatchObject([
      1,
      '1-0',
      1,
      [['1-0', '1', 10 + 1 + 10 + 5 + 1 + 1, 'outer', null, '2']],
    ]);
  });

  test.each(['0', '3', '99', '-1', 'x', '', '2.0', '1e0'])(
    'what begins with dlq.fields = %j is not of our making: it has fewer fields than it says',
    async (count) => {
      await add('1-0', 'dlq.fields', count, 'dlq.reason', 'r', 'a', 'b');
      const [, , , rows] = (await peek(['-', '+', 10, 1e6, 100, ...OWN, 'a'])) as [0, 0, 0, string[][]];
      expect(rows[0]!.slice(1, 2)).toEqual(['']);
      expect(rows[0]!.slice(3)).toEqual(['r', null, 'b']);
    },
  );

  test('cuts values, ends a page by its bytes, and says where to go on', async () => {
    for (let i = 1; i <= 20; i += 1) await add(`${i}-0`, 'type', 'x'.repeat(100));
    const seen = [];
    for (let from = '-'; ; ) {
      const page = (await peek([from, '+', 15, 900, 5, 0, 'type'])) as [number, string, number, string[][]];
      seen.push([page[0], page[1], page[2]]);
      expect(new Set(page[3].map((row) => row[3]))).toEqual(new Set(['xxxxx']));
      if (page[2] === 1) break;
      from = `(${page[1]}`;
    }
    expect(seen).toEqual([
      [15, '15-0', 0],
      [5, '20-0', 1],
    ]);
    expect(((await peek(['-', '+', 15, 800, 5, 0, 'type'])) as number[]).slice(0, 3)).toEqual([8, '8-0', 0]);
    expect(await peek(['(20-0', '+', 15, 900, 5, 0, 'type'])).toEqual([0, '', 1, []]);
  });
});

describe('a page', () => {
  const replay = (number: number, ...ids: string[]) =>
    runScript(redis.client, replayPage, [dead, orders, log], [number, 'attempts', 1e6, '1', ...ids]);

  test('that is sent again is answered as before and done once', async () => {
    await add('1-0', 'a', '1');
    const first = (await replay(1, '1-0', '9-0')) as unknown[];
    expect(first).toEqual([2, 1, 1, 0, '', [], ['1-0', expect.stringMatching(/^\d+-\d+$/)]]);
    await add('2-0', 'a', '2');
    expect(await replay(1, '1-0', '2-0')).toEqual(first);
    expect(await textsIn(orders)).toEqual(['a 1 attempts 1']);
    expect(await redis.client.pttl(log)).toBeGreaterThan(3_500_000);
  });

  test('that comes late, after the page behind it, does nothing', async () => {
    for (const id of ['1-0', '2-0', '3-0']) await add(id, 'a', id);
    await replay(9, '1-0');
    const tenth = await replay(10, '2-0');
    expect(await replay(9, '3-0')).toEqual(tenth);
    expect(await textsIn(dead)).toEqual(['a 3-0']);
    expect(await replay(10, '2-0')).toEqual(tenth);
    await replay(11, '3-0');
    expect(await textsIn(orders)).toEqual(['a 1-0 attempts 1', 'a 2-0 attempts 1', 'a 3-0 attempts 1']);
  });

  test('of a replay ends at the first refusal and leaves that dead letter and the ones behind it', async () => {
    await redis.client.xadd(orders, '18446744073709551615-18446744073709551614', 'n', '1');
    for (const id of ['1-0', '2-0', '3-0']) await add(id, 'a', id);
    const [seen, replayed, gone, odd, trouble] = (await replay(1, '1-0', '2-0', '3-0')) as unknown[];
    expect([seen, replayed, gone, odd]).toEqual([1, 1, 0, 0]);
    expect(trouble).toMatch(/exhausted/);
    expect(await textsIn(dead)).toEqual(['a 2-0', 'a 3-0']);
  });

  test('of a replay ends by its bytes', async () => {
    for (const id of ['1-0', '2-0', '3-0']) await add(id, 'a', 'x'.repeat(600_000));
    expect(((await replay(1, '1-0', '2-0', '3-0')) as number[])[0]).toBe(2);
    expect(((await replay(2, '3-0')) as number[])[0]).toBe(1);
    expect(await redis.client.xlen(orders)).toBe(3);
  });

  test.each([
    ['a 1', 'a 1 attempts 1', 0],
    ['attempts 0 a 1', 'attempts 1 a 1', 0],
    ['attempts 9 a 1 attempts 41 b 2', 'attempts 9 a 1 attempts 42 b 2', 0],
    ['attempts 99999999999999 a 1', 'attempts 100000000000000 a 1', 0],
    ['attempts 999999999999999 a 1', 'attempts 999999999999999 a 1', 1],
    ['attempts many a 1', 'attempts many a 1', 1],
    ['attempts -1 a 1', 'attempts -1 a 1', 1],
    ['dlq.fields 2 attempts 7 attempts 3', 'attempts 4', 0],
    ['dlq.fields 2 attempts 7', 'dlq.fields 2 attempts 8', 0],
  ])('of a replay makes %j to %j', async (before, after, odd) => {
    await add('1-0', ...before.split(' '));
    expect(((await replay(1, '1-0')) as unknown[]).slice(0, 5)).toEqual([1, 1, 0, odd, '']);
    expect(await textsIn(orders)).toEqual([after]);
    expect(await redis.client.xlen(dead)).toBe(0);
  });

  test('of a purge says the same again, and how many it has deleted', async () => {
    for (const id of ['1-0', '2-0', '3-0']) await add(id, 'a', id);
    const purge = (...args: (string | number)[]) => runScript(redis.client, purgePage, [dead, log], args);
    expect(await purge(1, '1-0', '9-0', '3-0')).toEqual([2]);
    expect(await purge(1, '1-0', '9-0', '3-0')).toEqual([2]);
    expect(await purge(2, '1-0')).toEqual([0]);
    expect(await textsIn(dead)).toEqual(['a 2-0']);
  });
});

describe('importing', () => {
  const send = (number: number, at: number, anew: string, ...entries: string[][]) => {
    const args = entries.flatMap((fields) => [fields.length, ...fields]);
    return runScript(redis.client, importPage, [dead, `${dead}:mark`, log], [number, at, 100, anew, ...args]);
  };

  test('appends where the mark stands and nowhere else', async () => {
    expect(await send(1, 0, '', ['a', '1'], ['a', '2', 'a', '3'])).toEqual(['ok', 2, '']);
    expect(await send(2, 0, '', ['a', '1'])).toEqual(['moved', 2, '']);
    expect(await send(3, 2, '', ['a', '4'])).toEqual(['ok', 3, '']);
    expect(await send(3, 3, '', ['a', '5'])).toEqual(['ok', 3, '']);
    expect(await textsIn(dead)).toEqual(['a 1', 'a 2 a 3', 'a 4']);
    expect(await redis.client.ttl(`${dead}:mark`)).toBeGreaterThan(90);
  });

  test('begins anew where all of it was there, and goes on where it was cut short', async () => {
    await send(1, 0, '', ['a', '1'], ['a', '2']);
    expect(await send(2, 0, '3', ['a', '1'])).toEqual(['moved', 2, '']);
    expect(await send(3, 0, '2', ['a', '1'])).toEqual(['ok', 1, '']);
    expect(await textsIn(dead)).toEqual(['a 1', 'a 2', 'a 1']);
  });

  test('notes how far it came where Redis refuses an entry', async () => {
    await redis.client.xadd(dead, '18446744073709551615-18446744073709551614', 'n', '1');
    const [state, at, trouble] = (await send(1, 0, '', ['a', '1'], ['a', '2'])) as string[];
    expect([state, at]).toEqual(['ok', 1]);
    expect(trouble).toMatch(/exhausted/);
    expect(await redis.client.get(`${dead}:mark`)).toBe('1');
  });

  test('appends nothing where the mark may not be written', async () => {
    await redis.client.lpush(`${dead}:mark`, 'no text');
    await expect(send(1, 0, '', ['a', '1'])).rejects.toThrow(/WRONGTYPE/);
    expect(await redis.client.xlen(dead)).toBe(0);
  });
});
