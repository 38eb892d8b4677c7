import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { type DeadLetterStream, findDeadLetters, resolveDeadLetters } from '../../src/streams/index.ts';
import { type RedisOptions, startRedis, type TestRedis } from '../support/redis.ts';
import { startCluster, type TestCluster } from '../support/redis-topologies.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;
let orders: string;
const made: string[] = [];
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(async () => {
  await redis.client.del('none', ...made);
  await redis.close();
  for (const end of ends.reverse()) await end();
});
beforeEach(async () => {
  orders = uniqueName('orders');
  await make(orders);
});

async function make(...names: string[]): Promise<void> {
  for (const name of names) await redis.client.xadd(name, '*', 'n', '1');
  made.push(...names);
}

/** What of it an operator would notice. */
function brief(
  found: readonly DeadLetterStream[],
): [stream: string, owners: string[], home: string | null][] {
  return found.map(({ stream, owners, home }) => [stream, owners.map((owner) => owner.stream), home]);
}

const resolve = async (...args: [streams: object, argument: string, given?: string]) =>
  brief(await resolveDeadLetters(redis, ...(args as [never, string])));

describe('the dead-letter stream of', () => {
  test('a stream is STREAM:dead, whether it exists yet or not', async () => {
    expect(await resolve({}, orders)).toEqual([[`${orders}:dead`, [orders], orders]]);
  });

  test('a stream is the one that the configuration names', async () => {
    const streams = { [orders]: { deadLetter: 'graveyard' } };
    expect(await resolve(streams, orders)).toEqual([['graveyard', [orders], orders]]);
  });

  test('itself is itself: by its ending, or because the configuration calls it so', async () => {
    expect(await resolve({}, `${orders}:dead`)).toEqual([[`${orders}:dead`, [orders], orders]]);
    const streams = { [orders]: { deadLetter: 'graveyard' } };
    expect(await resolve(streams, 'graveyard')).toEqual([['graveyard', [orders], orders]]);
  });

  test('an argument is the one given by hand, which belongs to that stream', async () => {
    expect(await resolve({}, orders, 'graveyard')).toEqual([['graveyard', [], orders]]);
    await make('none');
    expect(await resolve({}, 'none', 'none')).toEqual([['none', [], null]]);
  });

  test('a partitioned stream is one for each partition, or the one that they share', async () => {
    expect(await resolve({ [orders]: { partitions: 2 } }, orders)).toEqual([
      [`${orders}:{0}:dead`, [`${orders}:{0}`], `${orders}:{0}`],
      [`${orders}:{1}:dead`, [`${orders}:{1}`], `${orders}:{1}`],
    ]);
    const shared = { [orders]: { partitions: 2, deadLetter: 'graveyard' } };
    expect(await resolve(shared, orders)).toEqual([['graveyard', [`${orders}:{0}`, `${orders}:{1}`], null]]);
  });

  test('a pattern is that of each stream that matches, and those themselves that match', async () => {
    await make(`${orders}:eu`, `${orders}:us`, `${orders}:us:dead`);
    expect(await resolve({}, `${orders}:*`)).toEqual([
      [`${orders}:eu:dead`, [`${orders}:eu`], `${orders}:eu`],
      [`${orders}:us:dead`, [`${orders}:us`], `${orders}:us`],
    ]);
  });
});

describe('a stream that is called like one', () => {
  test.each(['X_dlq', 'dlq:X', 'X.dead-letters', 'app:dead_letter:X', 'X/DeadLetters', 'X-DLQ', '{X}.Dead'])(
    '(%s) is one, with nothing configured',
    async (form) => {
      const name = form.replace('X', orders);
      await make(name);
      expect(await resolve({}, name)).toEqual([[name, [], null]]);
    },
  );

  test.each(['X_dlqs', 'X-undead', 'deadline:X', 'deadlettering:X', 'dead-zone:X'])(
    'almost (%s) is none',
    async (form) => {
      const name = form.replace('X', orders);
      await make(name);
      expect((await resolve({}, name)).map(([stream]) => stream)).toEqual([`${name}:dead`]);
    },
  );

  test('is one where it exists only', async () => {
    await expect(resolve({}, `${orders}_dlq`)).rejects.toMatchObject({ code: 'STREAM_MISSING' });
    await make(`${orders}_dlq:dead`);
    expect((await resolve({}, `${orders}_dlq`)).map(([stream]) => stream)).toEqual([`${orders}_dlq:dead`]);
  });

  test('is none where it has dead letters of its own', async () => {
    await make(`dlq:${orders}`);
    await make(`dlq:${orders}:dead`);
    expect((await resolve({}, `dlq:${orders}`)).map(([stream]) => stream)).toEqual([`dlq:${orders}:dead`]);
  });

  test('is a stream like any other where the configuration says so', async () => {
    await make(`${orders}_dlq`);
    const streams = { [`${orders}_dlq`]: { deadLetter: 'graveyard' } };
    expect((await resolve(streams, `${orders}_dlq`))[0]![0]).toBe('graveyard');
    const parts = { [`${orders}:dead_letters`]: { partitions: 2, deadLetter: 'graveyard' } };
    await make(`${orders}:dead_letters:{0}`);
    expect((await resolve(parts, `${orders}:dead_letters*`))[0]![0]).toBe('graveyard');
  });

  test('is found by a pattern, and is none of the streams whose dead letters are meant', async () => {
    await make(`${orders}_dlq`);
    expect(await resolve({}, `${orders}*`)).toEqual([
      [`${orders}:dead`, [orders], orders],
      [`${orders}_dlq`, [], null],
    ]);
  });
});

test('where several streams share one, nobody can tell where a letter without a name comes from', async () => {
  const streams = { [orders]: { deadLetter: 'graveyard' }, 'mails:*': { deadLetter: 'graveyard' } };
  expect(await resolve(streams, orders)).toEqual([['graveyard', [orders, 'mails:*'], null]]);
  expect(await resolve({ 'mails:*': { deadLetter: 'graveyard' } }, 'graveyard')).toEqual([
    ['graveyard', ['mails:*'], null],
  ]);
});

test('a misspelt name is an error that names the stream that was meant', async () => {
  await expect(resolve({}, `${orders}x`)).rejects.toMatchObject({
    kind: 'failed',
    code: 'STREAM_MISSING',
    hint: [`did you mean ${orders}?`, expect.any(String), expect.any(String)],
  });
  await expect(resolve({}, `${orders}x:dead`)).rejects.toMatchObject({ code: 'STREAM_MISSING' });
  await expect(resolve({}, `${orders}-no-*`)).rejects.toMatchObject({ code: 'STREAM_MISSING' });
});

test('a configured name is known although nothing stands there yet', async () => {
  const streams = { later: { group: 'g' }, other: { deadLetter: 'graveyard' } };
  expect(await resolve(streams, 'later')).toEqual([['later:dead', ['later'], 'later']]);
  expect(await resolve(streams, 'graveyard')).toEqual([['graveyard', ['other'], 'other']]);
  // Not what every object has.
  await expect(resolve(streams, 'constructor')).rejects.toMatchObject({ code: 'STREAM_MISSING' });
});

async function ownServer(options: RedisOptions = {}): Promise<[TestRedis, RedisConnection]> {
  const server = await startRedis(options);
  const connection = await connectRedis({ url: server.url });
  ends.push(
    () => server.stop(),
    () => connection.close(),
  );
  return [server, connection];
}

test('all that anybody knows of: configured ones, existing ones and that of the environment, each once', async () => {
  const [, own] = await ownServer();
  for (const name of ['a:dead', 'lost:dead', 'orders', 'bills_dlq', 'jobs_dlq', 'qctl:dlq', 'events.dlq'])
    await own.client.xadd(name, '*', 'n', '1');
  await own.client.set('text:dead', 'no stream');
  const streams = {
    orders: { deadLetter: 'graveyard' },
    mails: { deadLetter: 'graveyard' },
    a: {},
    parts: { partitions: 2 },
    jobs_dlq: { deadLetter: 'graveyard' },
    'logs:*': {},
    'jobs:*': { deadLetter: 'jobs-failed' },
  };
  const found = brief(await findDeadLetters(own, streams, 'events'));
  expect(found).toEqual([
    ['a:dead', ['a'], 'a'],
    ['bills_dlq', [], null],
    ['events.dlq', [], null],
    ['events:dead', ['events'], 'events'],
    ['graveyard', ['orders', 'mails', 'jobs_dlq'], null],
    ['jobs-failed', ['jobs:*'], null],
    ['lost:dead', ['lost'], 'lost'],
    ['parts:{0}:dead', ['parts:{0}'], 'parts:{0}'],
    ['parts:{1}:dead', ['parts:{1}'], 'parts:{1}'],
  ]);
  const names = (await findDeadLetters(own, {}, 'bills_dlq')).map(({ stream }) => stream);
  expect(names).toEqual(['a:dead', 'bills_dlq', 'events.dlq', 'jobs_dlq', 'lost:dead']);
});

describe('on a cluster', () => {
  let cluster: TestCluster;
  let own: RedisConnection;

  beforeAll(async () => {
    cluster = await startCluster();
    own = await connectRedis({ cluster: { nodes: cluster.seeds } });
    ends.push(
      () => cluster.stop(),
      () => own.close(),
    );
    for (const name of ['orders', 'mails', '{mails}:dead', 'a{b}c:dead'])
      await own.client.xadd(name, '*', 'n', '1');
  });

  test('the default name shares the slot of its stream', async () => {
    expect(brief(await resolveDeadLetters(own, {}, 'orders'))).toEqual([
      ['{orders}:dead', ['{orders}', 'orders'], 'orders'],
    ]);
  });

  test('those on all masters are found', async () => {
    expect((await findDeadLetters(own, {})).map(({ stream }) => stream)).toEqual([
      'a{b}c:dead',
      '{mails}:dead',
    ]);
  });
});
