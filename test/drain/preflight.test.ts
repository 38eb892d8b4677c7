import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { having as havingOn } from '../support/redis-having.ts';
import { sharedPostgres, uniqueName } from '../support/shared.ts';
import { startUnsavingRedis } from '../support/unsaving-redis.ts';
import { waitFor } from '../support/wait.ts';
import { drain, failureOf, ownDatabase, plan, withRedis } from './driver.ts';

let database: Awaited<ReturnType<typeof ownDatabase>>;
let server: TestRedis;
let redis: Redis;
let version: number;

beforeAll(async () => {
  database = await ownDatabase();
  await database.sql('CREATE TABLE q (id bigint PRIMARY KEY, payload text)');
  await database.sql(`INSERT INTO q SELECT i, repeat('x', 1000) FROM generate_series(1, 2000) i`);
  await database.sql('ANALYZE q');
  server = await startRedis();
  redis = new Redis(server.url);
  const [, text] = /redis_version:(\d+\.\d+)/.exec(await redis.info('server'))!;
  version = Number(text);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const caseOf = (more: object = {}, target: object = {}) => ({
  spec: { table: 'q' },
  database: database.url,
  redisUrl: server.url,
  target: { stream: uniqueName('pre'), ...target },
  ...more,
});
const blockers = async (more: object = {}, target: object = {}) =>
  (await plan(caseOf(more, target))).findings
    .filter(({ level }) => level === 'blocker')
    .map(({ code }) => code);
const codes = async (more: object = {}, target: object = {}) =>
  (await plan(caseOf(more, target))).findings.map(({ level, code }) => `${level} ${code}`);

const having = (settings: Record<string, string>, run: () => Promise<unknown>) =>
  havingOn(redis, settings, run);

describe('the target', () => {
  test('that is a list is refused, and nothing is drained', async () => {
    const stream = uniqueName('list');
    await redis.rpush(stream, 'x');
    const failure = await failureOf(drain(caseOf({}, { stream })));
    expect(failure).toMatchObject({ kind: 'refused', code: 'TARGET_NOT_A_STREAM' });
    expect(failure.message).toContain(`key ${stream} holds a list`);
    expect(failure.hint.length).toBeGreaterThan(0);
    expect(await database.sql('SELECT count(*)::int AS n FROM q')).toEqual([{ n: 2000 }]);
    expect(await redis.exists('qctl:runs')).toBe(0);
  });

  test('one partition of which is a list is refused', async () => {
    const stream = uniqueName('list');
    await redis.rpush(`${stream}:{2}`, 'x');
    expect(await blockers({}, { stream, partitions: 4 })).toEqual(['TARGET_NOT_A_STREAM']);
    expect(await blockers({}, { stream, partitions: 2 })).toEqual([]);
  });

  test('that may evict whole streams is refused, unless that is allowed', async () => {
    await having({ 'maxmemory-policy': 'allkeys-lru' }, async () => {
      expect(await blockers()).toEqual(['EVICTION']);
      expect(await blockers({ settings: { allowEviction: true } })).toEqual([]);
      expect(await codes({ settings: { allowEviction: true } })).toContain('warning EVICTION');
    });
    await having({ 'maxmemory-policy': 'volatile-lru' }, async () => expect(await blockers()).toEqual([]));
  });

  test('with too little memory is warned of, with the numbers', async () => {
    const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1]);
    await having({ maxmemory: String(used + 200_000) }, async () => {
      const found = (await plan(caseOf())).findings.find(({ code }) => code === 'MEMORY')!;
      expect(found.level).toBe('warning');
      expect(found.text).toMatch(/needs about \d.* MiB and Redis has \d.* KiB left/);
    });
    expect(await codes()).not.toContain('warning MEMORY');
  });

  test('that is a replica is refused', async () => {
    const replica = await startRedis();
    await withRedis((client) => client.replicaof('127.0.0.1', server.port), replica.url);
    expect(await blockers({ redisUrl: replica.url })).toEqual(['TARGET_IS_REPLICA']);
    await replica.stop();
  });

  test('that cannot save to its disk is refused before anything has changed', async () => {
    const unsaving = await startUnsavingRedis();
    expect(await blockers({ redisUrl: unsaving.server.url })).toEqual(['REDIS_MISCONF']);
    await unsaving.stop();
  });

  test.each(['a{b}c{d}', '{}', 'a{b'])(
    'named %s is refused, since no tag of a cluster is that',
    async (stream) => {
      expect(await blockers({}, { stream })).toEqual(['BAD_STREAM_NAME']);
    },
  );
});

describe('durability', () => {
  test('aof is refused where there is no append-only file', async () => {
    expect(await blockers({}, { durability: 'aof' })).toEqual(['NO_AOF']);
  });

  test('aof needs WAITAOF, or a file that is synced always', async () => {
    await having({ appendonly: 'yes', appendfsync: 'everysec' }, async () => {
      expect(await blockers({}, { durability: 'aof' })).toEqual(version < 7.2 ? ['NO_WAITAOF'] : []);
      expect(await codes()).toContain('note FSYNC_EVERY_SECOND');
    });
    await having({ appendonly: 'yes', appendfsync: 'always' }, async () => {
      expect(await blockers({}, { durability: 'aof' })).toEqual([]);
    });
  });

  test('what the plan advises against a crash of the host is not refused by the next plan', async () => {
    await having({ appendonly: 'yes', appendfsync: 'everysec' }, async () => {
      const found = (await plan(caseOf())).findings.find(({ code }) => code === 'FSYNC_EVERY_SECOND')!;
      const set = /CONFIG SET appendfsync (\w+)/.exec(found.remedy!)?.[1];
      const durability = found.remedy!.startsWith('--durability aof') ? 'aof' : 'memory';
      await having(set === undefined ? {} : { appendfsync: set }, async () => {
        expect(await blockers({}, { durability })).toEqual([]);
        expect((await codes({}, { durability })).join()).not.toContain('FSYNC_EVERY_SECOND');
      });
    });
  });

  test('wait:1 needs a replica, and then drains', async () => {
    expect(await blockers({}, { durability: 'wait:1' })).toEqual(['TOO_FEW_REPLICAS']);
    const replica = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] });
    await withRedis((client) => client.replicaof('127.0.0.1', server.port), replica.url);
    await waitFor(async () => /slave0:.*state=online/.test(await redis.info('replication')), {
      what: 'the replica',
      timeoutMs: 20_000,
    });
    await database.sql('CREATE TABLE waits AS SELECT * FROM q LIMIT 50');
    await database.sql('ALTER TABLE waits ADD PRIMARY KEY (id)');
    const stream = uniqueName('waited');
    const { report } = await drain({
      ...caseOf({}, { stream, durability: 'wait:1' }),
      spec: { table: 'waits' },
    });
    expect(report).toMatchObject({ converged: true, appended: 50 });
    expect(await withRedis((client) => client.xlen(stream), replica.url)).toBe(50);
    await replica.stop();
  });

  test('memory says what would be lost', async () => {
    expect(await codes()).toContain('warning NO_PERSISTENCE');
    await having({ save: '3600 1' }, async () => expect(await codes()).toContain('warning SNAPSHOTS_ONLY'));
  });
});

describe('rights', () => {
  test('a Redis user who may not append is refused', async () => {
    await redis.call('ACL', 'SETUSER', 'reader', 'on', '>pw', '~*', '+@all', '-xadd');
    const url = server.url.replace('redis://', 'redis://reader:pw@');
    const failure = await failureOf(drain({ ...caseOf(), redisUrl: url }));
    expect(failure).toMatchObject({ kind: 'refused', code: 'MISSING_RIGHT' });
    expect(failure.message).toContain('XADD');
  });

  test('a Redis user who may write the stream but not beside it is refused', async () => {
    const stream = uniqueName('own');
    await redis.call('ACL', 'SETUSER', 'narrow', 'on', '>pw', `~${stream}*`, '%R~qctl:*', '+@all');
    const url = server.url.replace('redis://', 'redis://narrow:pw@');
    const failure = await failureOf(drain({ ...caseOf({}, { stream }), redisUrl: url }));
    expect(failure).toMatchObject({ kind: 'refused', code: 'MISSING_RIGHT' });
    expect(failure.message).toContain('HSET');
  });

  test.each([
    ['SELECT, UPDATE', 'DELETE'],
    ['SELECT, DELETE', 'UPDATE'],
    ['DELETE, UPDATE', 'SELECT'],
  ])('a Postgres user with %s lacks %s, and is told', async (granted, lacking) => {
    const user = uniqueName('u').replace('-', '_');
    await database.sql(`CREATE ROLE ${user} LOGIN`);
    await database.sql(`GRANT ${granted} ON q TO ${user}`);
    const url = new URL(sharedPostgres().url(database.name));
    url.username = user;
    const failure = await failureOf(drain({ ...caseOf(), database: url.href }));
    expect(['auth', 'refused']).toContain(failure.kind);
    expect([failure.message, ...failure.hint].join(' ')).toContain(lacking);
    expect(await database.sql('SELECT count(*)::int AS n FROM q')).toEqual([{ n: 2000 }]);
  });

  test('rights on the columns that are set are enough', async () => {
    const user = uniqueName('u').replace('-', '_');
    await database.sql('CREATE TABLE cols (id bigint PRIMARY KEY, payload text, state text, secret text)');
    await database.sql(`INSERT INTO cols VALUES (1, 'x', 'pending', 's')`);
    await database.sql(`CREATE ROLE ${user} LOGIN`);
    await database.sql(`GRANT SELECT (id, payload, state, ctid), UPDATE (state) ON cols TO ${user}`);
    const url = new URL(sharedPostgres().url(database.name));
    url.username = user;
    const { report } = await drain({
      ...caseOf(),
      spec: { table: 'cols', ready: `state = 'pending'`, done: { set: { state: 'done' } } },
      database: url.href,
    });
    expect(report).toMatchObject({ converged: true, appended: 1 });
  });
});
