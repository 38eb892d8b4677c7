import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import type { Field } from '../../src/model/entry.ts';
import { type AddRequest, addEntry, checkAboveLast, checkNewId } from '../../src/streams/index.ts';
import { startReplyLoser } from '../support/reply-loser.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;
beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());

const field = (name: string, value: string | Buffer): Field => [Buffer.from(name), Buffer.from(value)];
const request = (stream: string, more: Partial<AddRequest> = {}): AddRequest => ({
  ...{ stream, id: '*', fields: [field('n', '1')], create: true },
  ...more,
});

describe('adding an entry', () => {
  test('gives back its id, and every byte arrives', async () => {
    const stream = uniqueName('add');
    const bytes = Buffer.from([0, 255, 10, 27]);
    const fields = [field('body', bytes), field('ü', ''), field('body', 'again')];
    const id = await addEntry(redis, request(stream, { fields }));
    const [[found, flat]] = (await redis.client.callBuffer('XRANGE', stream, '-', '+')) as [
      [Buffer, Buffer[]],
    ];
    expect(found.toString()).toBe(id);
    expect(flat).toEqual(fields.flat());
  });

  test('takes an id of one’s own', async () => {
    expect(await addEntry(redis, request(uniqueName('id'), { id: '5-7' }))).toBe('5-7');
  });

  test('does not make a stream unless that is asked for', async () => {
    const stream = uniqueName('typo');
    await expect(addEntry(redis, request(stream, { create: false }))).rejects.toMatchObject({
      kind: 'failed',
      code: 'STREAM_MISSING',
      message: `there is no stream ${stream} (${redis.label})`,
    });
    expect(await redis.client.exists(stream)).toBe(0);
  });

  test.each(['5-7', '5-6', '0-0'])('with the id %s, which the stream is past, says so', async (id) => {
    const stream = uniqueName('past');
    await addEntry(redis, request(stream, { id: '5-7' }));
    const error = {
      kind: 'failed',
      code: 'ID_TOO_SMALL',
      message: `id ${id} is not above the last id of stream ${stream}, 5-7`,
      hint: ['leave the id out: Redis gives one out by its clock'],
      details: { stream, id, lastGeneratedId: '5-7' },
    };
    await expect(addEntry(redis, request(stream, { id }))).rejects.toMatchObject(error);
    expect(() => checkAboveLast(stream, id, '5-7')).toThrow(expect.objectContaining(error));
  });

  test('to what is no stream names what stands there', async () => {
    const key = uniqueName('list');
    await redis.client.rpush(key, 'x');
    await expect(addEntry(redis, request(key))).rejects.toMatchObject({ code: 'REDIS_WRONG_TYPE' });
  });

  test('over a connection that breaks says that it may have been added', async () => {
    const proxy = await startReplyLoser(Number(new URL(sharedRedisUrl()).port));
    const own = await connectRedis({ url: `redis://127.0.0.1:${proxy.port}` });
    const stream = uniqueName('lost');
    proxy.loseNext();
    const error = await addEntry(own, request(stream)).catch((reason) => reason);
    await Promise.all([own.close(), proxy.stop()]);
    // It was.
    expect(await redis.client.xlen(stream)).toBe(1);
    expect(error).toMatchObject({
      kind: 'target',
      message: expect.stringContaining(`cannot add to stream ${stream} (redis://127.0.0.1`),
    });
    expect(error.hint.at(-1)).toBe(
      `it may have been added: look with 'qctl stream tail ${stream}' before it is sent again`,
    );
  });
});

describe('an id for a new entry', () => {
  test.each(['*', '5-7', '1763721600000', '1763721600000-*', '0-1'])('may be %s', (id) => {
    expect(() => checkNewId(id)).not.toThrow();
  });

  test.each(['', '-', '+', '$', '>', 'x', '5-', '**', '(5-0', '99999999999999999999-0'])(
    'may not be %j',
    (id) => {
      expect(() => checkNewId(id)).toThrow(
        expect.objectContaining({ kind: 'usage', code: 'BAD_ID', message: `${id} is no id of an entry` }),
      );
    },
  );

  test('that Redis is yet to complete is not compared', () => {
    for (const id of ['*', '1-*']) expect(() => checkAboveLast('s', id, '5-7')).not.toThrow();
  });
});
