import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { QctlError } from '../../src/errors.ts';
import { Interrupted } from '../../src/model/patience.ts';
import { page, type Work } from '../../src/streams/work.ts';
import { sharedRedisUrl } from '../support/shared.ts';

let redis: RedisConnection;
beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());

const lost = () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
const reply = (text: string) => Object.assign(new Error(text), { name: 'ReplyError' });

function watched(more: Partial<Work> = {}): Work & { said: string[] } {
  const said: string[] = [];
  const waiting = (who: string, reason: string | null) => said.push(`${who}: ${reason ?? 'back'}`);
  return { signal: new AbortController().signal, waiting, said, ...more };
}

/** Fails with these errors, one after the other, and then answers. */
function failing(...errors: Error[]): { send: () => Promise<string>; sent: () => number } {
  let sent = 0;
  const send = async () => {
    sent += 1;
    const error = errors[sent - 1];
    if (error) throw error;
    return 'answer';
  };
  return { send, sent: () => sent };
}

test('a page whose connection broke is sent again until it is answered, and the wait is told', async () => {
  const work = watched();
  const { send, sent } = failing(lost(), reply('LOADING Redis is loading the dataset in memory'));
  expect(await page(redis, work, 'look', send)).toBe('answer');
  expect(sent()).toBe(3);
  expect(work.said).toEqual([
    'Redis: connection lost: ECONNRESET',
    'Redis: Redis is loading its data',
    'Redis: back',
  ]);
});

test.each([
  ["OOM command not allowed when used memory > 'maxmemory'.", 'REDIS_OOM'],
  ['MISCONF Redis is configured to save RDB snapshots', 'REDIS_MISCONF'],
  ['NOREPLICAS Not enough good replicas to write.', 'REDIS_NOREPLICAS'],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', 'REDIS_WRONG_TYPE'],
])('what somebody has to mend is not waited for: %s', async (text, code) => {
  const { send, sent } = failing(reply(text));
  const work = watched();
  await expect(page(redis, work, 'look at stream orders', send)).rejects.toMatchObject({
    code,
    kind: 'target',
    message: expect.stringContaining(`cannot look at stream orders (${redis.label}): `),
  });
  expect(sent()).toBe(1);
  expect(work.said).toEqual([]);
});

test('patience has an end', async () => {
  const { send, sent } = failing(...Array.from({ length: 100 }, lost));
  const started = performance.now();
  const waited = page(redis, watched({ patienceMs: 200 }), 'look', send);
  await expect(waited).rejects.toMatchObject({
    kind: 'target',
    code: 'REDIS_UNREACHABLE',
    message: expect.stringContaining(`cannot look (${redis.label}): `),
  });
  expect(performance.now() - started).toBeLessThan(3000);
  expect(sent()).toBeGreaterThan(1);
});

test('an operator who stops does not wait', async () => {
  const stop = new AbortController();
  const work = watched({ signal: stop.signal, waiting: () => stop.abort() });
  const { send, sent } = failing(...Array.from({ length: 100 }, lost));
  await expect(page(redis, work, 'look', send)).rejects.toBeInstanceOf(Interrupted);
  expect(sent()).toBe(1);
});

test('an error of qctl itself is passed on as it is', async () => {
  const own = new QctlError('refused', 'no', { code: 'NO', hint: [] });
  await expect(page(redis, watched(), 'look', failing(own).send)).rejects.toBe(own);
});
