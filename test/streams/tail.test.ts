import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { streamSettings } from '../../src/config/streams.ts';
import {
  entryStates,
  requireFacts,
  startOfNewest,
  type TailStart,
  tailEntries,
  type Work,
} from '../../src/streams/index.ts';
import { startRedis } from '../support/redis.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';

let redis: RedisConnection;
const call = (...words: (string | number)[]) => redis.client.call(...(words.map(String) as [string]));
beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());

const quiet = (signal = new AbortController().signal): Work => ({ signal, waiting: () => undefined });

async function streamOf(ids: readonly string[], prefix = 'tail'): Promise<string> {
  const stream = uniqueName(prefix);
  const pipeline = redis.client.pipeline();
  for (const id of ids) pipeline.xadd(stream, id, 'n', id);
  await pipeline.exec();
  return stream;
}
const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, at) => `${from + at}-0`);
const all = (stream: string): TailStart => ({ stream, from: '-', to: '+' });

async function idsOf(starts: TailStart[], limit?: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of tailEntries(redis, { starts, follow: false, limit }, quiet()))
    ids.push(...page.map(({ id }) => id));
  return ids;
}

describe('reading a stream', () => {
  test('gives all of its entries in order, once, over many pages', async () => {
    const stream = await streamOf(upTo(700));
    expect(await idsOf([all(stream)])).toEqual(upTo(700));
    expect(await idsOf([{ stream, from: '(5-0', to: '8-0' }])).toEqual(['6-0', '7-0', '8-0']);
    expect(await idsOf([all(stream)], 3)).toEqual(['1-0', '2-0', '3-0']);
    expect(await idsOf([all(stream)], 0)).toEqual([]);
    expect(await idsOf([all(uniqueName('none'))])).toEqual([]);
  });

  test('keeps every byte of every field, in their order', async () => {
    const stream = uniqueName('bytes');
    const odd = Buffer.from([0, 255, 10, 27, 195]);
    await redis.client.call('XADD', stream, '1-0', 'a', odd, odd, '', 'a', 'again');
    const pages = tailEntries(redis, { starts: [all(stream)], follow: false }, quiet());
    const { value: page } = await pages.next();
    expect(page).toEqual([
      {
        stream,
        id: '1-0',
        fields: [
          [Buffer.from('a'), odd],
          [odd, Buffer.from('')],
          [Buffer.from('a'), Buffer.from('again')],
        ],
      },
    ]);
  });

  test('of several streams gives the entries in the order of their ids, whatever their lengths', async () => {
    const ids = fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { maxLength: 120 });
    await fc.assert(
      fc.asyncProperty(fc.array(ids, { minLength: 1, maxLength: 4 }), async (lists) => {
        const streams = await Promise.all(
          lists.map((list) => streamOf(list.sort((a, b) => a - b).map((ms) => `${ms}-0`))),
        );
        const wanted = lists.flat().sort((a, b) => a - b);
        expect(await idsOf(streams.map(all))).toEqual(wanted.map((ms) => `${ms}-0`));
        await call('DEL', ...streams);
      }),
      { numRuns: 30 },
    );
  });
});

describe('the newest entries', () => {
  async function newest(streams: string[], count: number): Promise<Map<string, string>> {
    const facts = await Promise.all(streams.map((stream) => requireFacts(redis, stream)));
    return startOfNewest(redis, facts, count, quiet());
  }

  test('begin where so many are left, or at the first one', async () => {
    const stream = await streamOf(upTo(5000));
    expect(await newest([stream], 10)).toEqual(new Map([[stream, '4991-0']]));
    expect(await newest([stream], 4999)).toEqual(new Map([[stream, '2-0']]));
    expect(await newest([stream], 9999)).toEqual(new Map([[stream, '1-0']]));
    expect(await newest([stream], 0)).toEqual(new Map());
  });

  test('of several streams are the newest of them all', async () => {
    const [old, young, mixed] = [
      await streamOf(upTo(50)),
      await streamOf(upTo(3, 100)),
      await streamOf(['40-0', '99-0', '200-0']),
    ];
    const starts = await newest([old, young, mixed], 5);
    expect(starts).toEqual(
      new Map([
        [young, '100-0'],
        [mixed, '99-0'],
      ]),
    );
  });
});

describe('what a group did with an entry', () => {
  test('is undelivered, pending or acknowledged', async () => {
    const stream = await streamOf(upTo(6));
    const settings = streamSettings({}, stream);
    await call('XGROUP', 'CREATE', stream, 'g', '1-0');
    await call('XREADGROUP', 'GROUP', 'g', 'one', 'COUNT', 2, 'STREAMS', stream, '>');
    await call('XREADGROUP', 'GROUP', 'g', 'two', 'COUNT', 1, 'STREAMS', stream, '>');
    await call('XACK', stream, 'g', '2-0');
    await call('XCLAIM', stream, 'g', 'two', '0', '4-0', 'IDLE', 60_000, 'RETRYCOUNT', 3);
    const states = await entryStates(redis, settings, 'g', upTo(6), quiet());
    expect(states).toEqual([
      { state: 'acknowledged' },
      { state: 'acknowledged' },
      { state: 'pending', consumer: 'one', idleMs: expect.any(Number), deliveries: 1 },
      { state: 'pending', consumer: 'two', idleMs: expect.any(Number), deliveries: 3 },
      { state: 'undelivered' },
      { state: 'undelivered' },
    ]);
    expect(states[3]).toSatisfy(({ idleMs }: { idleMs: number }) => idleMs >= 60_000);
    expect(await entryStates(redis, settings, 'g', [], quiet())).toEqual([]);
  });

  test('is pending for what was delivered before the group was set back', async () => {
    const stream = await streamOf(upTo(3));
    await call('XGROUP', 'CREATE', stream, 'g', '0');
    await call('XREADGROUP', 'GROUP', 'g', 'one', 'COUNT', 2, 'STREAMS', stream, '>');
    await call('XGROUP', 'SETID', stream, 'g', '0');
    const states = await entryStates(redis, streamSettings({}, stream), 'g', upTo(3), quiet());
    expect(states.map(({ state }) => state)).toEqual(['pending', 'pending', 'undelivered']);
  });

  test('is found among thousands that are pending', async () => {
    const stream = await streamOf(upTo(2500));
    await call('XGROUP', 'CREATE', stream, 'g', '0');
    await call('XREADGROUP', 'GROUP', 'g', 'one', 'COUNT', 2400, 'STREAMS', stream, '>');
    await call('XDEL', stream, ...upTo(2000, 2));
    const states = await entryStates(
      redis,
      streamSettings({}, stream),
      'g',
      ['1-0', '2300-0', '2450-0'],
      quiet(),
    );
    expect(states.map(({ state }) => state)).toEqual(['pending', 'pending', 'undelivered']);
  });

  test('of a group that is gone is an error', async () => {
    const stream = await streamOf(upTo(2));
    const states = entryStates(redis, streamSettings({}, stream), 'g', upTo(2), quiet());
    await expect(states).rejects.toMatchObject({ code: 'GROUP_MISSING' });
  });
});

describe('following', () => {
  test('gives what is added, of every stream, and changes nothing', async () => {
    const [one, two] = [await streamOf(upTo(3)), await streamOf(upTo(3, 10))];
    const stop = new AbortController();
    const seen: string[] = [];
    const starts = [{ stream: one, from: '(3-0', to: '+' }, all(two)];
    const following = (async () => {
      for await (const page of tailEntries(redis, { starts, follow: true }, quiet(stop.signal)))
        seen.push(...page.map(({ id }) => id));
    })();
    await waitFor(() => seen.length === 3);
    await call('XADD', two, '20-0', 'n', 1);
    await call('XADD', one, '15-0', 'n', 1);
    await waitFor(() => seen.length === 5);
    for (const id of upTo(200, 100)) await call('XADD', one, id, 'n', 1);
    await waitFor(() => seen.length === 205);
    stop.abort();
    await following;
    expect(seen).toEqual([...upTo(3, 10), ...seen.slice(3, 5), ...upTo(200, 100)]);
    expect(seen.slice(3, 5).sort()).toEqual(['15-0', '20-0']);
    expect((await requireFacts(redis, one)).groups).toEqual([]);
  });

  test('goes on behind the last entry after a restart of Redis, and says why it waits', async () => {
    const server = await startRedis({ aof: 'always' });
    const own = await connectRedis({ url: server.url });
    const stop = new AbortController();
    const seen: string[] = [];
    const waits: (string | null)[] = [];
    const work: Work = { signal: stop.signal, waiting: (_, reason) => waits.push(reason) };
    try {
      for (const id of upTo(3)) await own.client.xadd('s', id, 'n', '1');
      const request = { starts: [all('s')], follow: true };
      const following = (async () => {
        for await (const page of tailEntries(own, request, work)) seen.push(...page.map(({ id }) => id));
      })();
      await waitFor(() => seen.length === 3);
      await server.kill9();
      await waitFor(() => waits.length > 0);
      await server.restart();
      await waitFor(() => own.client.xadd('s', '4-0', 'n', '1'));
      await waitFor(() => seen.length === 4);
      stop.abort();
      await following;
      expect(seen).toEqual(upTo(4));
      expect(waits.at(0)).toMatch(/^(connection lost|Redis is loading)/);
      expect(waits.at(-1)).toBeNull();
    } finally {
      await own.close();
      await server.stop();
    }
  });
});
