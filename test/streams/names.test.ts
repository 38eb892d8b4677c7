import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { findStreams, resolveStreams, streamMissing } from '../../src/streams/index.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { startCluster, type TestCluster } from '../support/redis-topologies.ts';

const STREAMS = [
  'orders:eu',
  'orders:us',
  'orders',
  'alerts:{0}',
  'alerts:{1}',
  'odd[name]',
  'qctl:cb:events',
];

async function fill(redis: RedisConnection): Promise<void> {
  for (const name of STREAMS) await redis.client.call('XADD', name, '1-0', 'n', '1');
  await redis.client.call('RPUSH', 'orders:list', 'x');
}

let server: TestRedis;
let cluster: TestCluster;
let alone: RedisConnection;
let clustered: RedisConnection;
beforeAll(async () => {
  [server, cluster] = await Promise.all([startRedis(), startCluster()]);
  alone = await connectRedis({ url: server.url });
  clustered = await connectRedis({ cluster: { nodes: cluster.seeds } });
  await Promise.all([fill(alone), fill(clustered)]);
});
afterAll(async () => {
  await Promise.all([alone, clustered].map((redis) => redis.close()));
  await Promise.all([server.stop(), cluster.stop()]);
});

describe.each([
  ['one server', () => alone],
  ['a cluster, whose masters hold some each', () => clustered],
])('on %s', (_, redis) => {
  test.each([
    ['*', [...STREAMS].sort()],
    ['orders*', ['orders', 'orders:eu', 'orders:us']],
    ['orders:??', ['orders:eu', 'orders:us']],
    ['odd\\[name\\]', ['odd[name]']],
    ['nothing*', []],
    ['[', []],
  ])('the streams that match %s are found, and nothing that is no stream', async (pattern, names) => {
    expect(await findStreams(redis(), pattern)).toEqual(names);
  });
});

describe('what an argument means', () => {
  const config = { 'orders:*': { group: 'workers' }, alerts: { group: 'agents', partitions: 2 } };
  const namesOf = async (redis: RedisConnection, argument: string) =>
    (await resolveStreams(redis, config, argument)).map(({ stream, group, partitions, deadLetter }) => ({
      ...{ stream, group, partitions, deadLetter },
    }));

  test('a name is that stream, whether it is there or not', async () => {
    expect(await namesOf(alone, 'later')).toEqual([
      { stream: 'later', group: undefined, partitions: 1, deadLetter: 'later:dead' },
    ]);
    expect(await namesOf(clustered, 'later')).toEqual([
      { stream: 'later', group: undefined, partitions: 1, deadLetter: '{later}:dead' },
    ]);
  });

  test('a partitioned stream is its partitions', async () => {
    expect(await namesOf(alone, 'alerts')).toEqual([
      { stream: 'alerts:{0}', group: 'agents', partitions: 1, deadLetter: 'alerts:{0}:dead' },
      { stream: 'alerts:{1}', group: 'agents', partitions: 1, deadLetter: 'alerts:{1}:dead' },
    ]);
  });

  test('a pattern is all that match, each with its settings', async () => {
    expect(await namesOf(alone, 'orders*')).toEqual([
      { stream: 'orders', group: undefined, partitions: 1, deadLetter: 'orders:dead' },
      { stream: 'orders:eu', group: 'workers', partitions: 1, deadLetter: 'orders:eu:dead' },
      { stream: 'orders:us', group: 'workers', partitions: 1, deadLetter: 'orders:us:dead' },
    ]);
  });

  test('the streams that qctl keeps for itself are meant only where they are named', async () => {
    expect((await namesOf(alone, '*')).map(({ stream }) => stream)).not.toContain('qctl:cb:events');
    expect((await namesOf(alone, 'qctl:*')).map(({ stream }) => stream)).toEqual(['qctl:cb:events']);
  });

  test('a pattern that nothing matches is an error, and so is one that only a list matches', async () => {
    for (const pattern of ['nothing*', 'orders:l*']) {
      await expect(resolveStreams(alone, config, pattern)).rejects.toMatchObject({
        kind: 'failed',
        code: 'STREAM_MISSING',
        message: `no stream matches ${pattern} (${alone.label})`,
        details: { pattern },
      });
    }
  });
});

describe('a stream whose name looks like a pattern', () => {
  const config = { '{both}[1]': { group: 'workers' } };
  const names = ['{both}[1]', '{both}1', '{both}*', '{both}:b'];
  const meant = async (redis: RedisConnection, argument: string) =>
    (await resolveStreams(redis, config, argument)).map(({ stream, group }) => [stream, group]);

  test('is meant by its name, and what the pattern would match is not', async () => {
    for (const redis of [alone, clustered]) {
      for (const name of names) await redis.client.call('XADD', name, '1-0', 'n', '1');
      expect(await meant(redis, '{both}[1]')).toEqual([['{both}[1]', 'workers']]);
      expect(await meant(redis, '{both}*')).toEqual([['{both}*', undefined]]);
      await redis.client.call('DEL', '{both}[1]', '{both}*');
      // What is no stream is in nobody's way.
      await redis.client.call('SET', '{both}[1]', 'x');
      expect(await meant(redis, '{both}[1]')).toEqual([['{both}1', 'workers']]);
      await redis.client.call('DEL', ...names);
    }
  });
});

describe('names that are no UTF-8 text', () => {
  const add = (redis: RedisConnection, name: string) =>
    redis.client.eval(`return redis.call('XADD', '${name}', '1-0', 'n', '1')`, 0);

  test('are left out, and somebody is told how many', async () => {
    for (const name of ['bin:\\255', 'bin:\\254\\255', 'bin:ä']) await add(alone, name);
    const told: number[] = [];
    expect(await findStreams(alone, 'bin:*', (streams) => told.push(streams))).toEqual(['bin:ä']);
    expect(await findStreams(alone, 'orders*', (streams) => told.push(streams))).toHaveLength(3);
    expect(told).toEqual([2]);
    expect((await resolveStreams(alone, {}, 'bin:*')).map(({ stream }) => stream)).toEqual(['bin:ä']);
    await alone.client.eval("return redis.call('DEL', 'bin:\\255', 'bin:\\254\\255', 'bin:ä')", 0);
  });
});

describe('one URL of a node of a cluster', () => {
  const refusal = (redis: RedisConnection) => ({
    kind: 'config',
    code: 'REDIS_IS_CLUSTER',
    message: `cannot list the streams orders* (${redis.label}): the server is a node of a cluster`,
    hint: ['configure it as a cluster: list its nodes under redis.cluster.nodes'],
    details: { server: redis.label },
  });

  test('is refused: the share of one node must not pass for all there is', async () => {
    const node = await connectRedis({ url: `redis://127.0.0.1:${cluster.seeds[0]!.port}` });
    await expect(findStreams(node, 'orders*')).rejects.toMatchObject(refusal(node));
    await expect(resolveStreams(node, {}, 'orders:??*')).rejects.toMatchObject({ code: 'REDIS_IS_CLUSTER' });
    await node.close();
  });

  test('goes unnoticed by a user who may not ask the server what it is', async () => {
    const { host, port } = cluster.seeds[0]!;
    const admin = await connectRedis({ url: `redis://${host}:${port}` });
    await admin.client.call('ACL', 'SETUSER', 'eve', 'on', '>pw', '~*', '+@all', '-info');
    const eve = await connectRedis({ url: `redis://eve:pw@${host}:${port}` });
    expect(await findStreams(eve, 'nothing*')).toEqual([]);
    await Promise.all([eve.close(), admin.close()]);
  });
});

test('the search for a name that is alike ends after a hundred rounds, however many keys there are', async () => {
  const many = await startRedis();
  const redis = await connectRedis({ url: many.url });
  try {
    await redis.client.eval("for n = 1, 150000 do redis.call('SET', 'k:' .. n, '') end", 0);
    await streamMissing(redis, 'ordres');
    const stats = String(await redis.client.call('INFO', 'commandstats'));
    expect(Number(/cmdstat_scan:calls=(\d+)/.exec(stats)?.[1])).toBe(100);
  } finally {
    await redis.close();
    await many.stop();
  }
});

test('a stream that is not there is an error that names the one that was meant', async () => {
  for (const redis of [alone, clustered]) {
    const error = await streamMissing(redis, 'ordres');
    expect(error).toMatchObject({
      kind: 'failed',
      code: 'STREAM_MISSING',
      message: `there is no stream ordres (${redis.label})`,
      hint: [
        'did you mean orders?',
        "'qctl stream ls' lists all streams",
        'check that this is the right server and database',
      ],
      details: { stream: 'ordres' },
    });
  }
});
