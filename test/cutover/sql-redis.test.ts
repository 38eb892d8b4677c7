import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { redis } from '../../src/cutover/steps/redis.ts';
import { sql } from '../../src/cutover/steps/sql.ts';
import { sharedPostgres, sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { filesWorld, scratch, step } from './files-world.ts';

let url: string;
let connection: RedisConnection;
beforeAll(async () => {
  url = await sharedPostgres().createDatabase();
  await query('CREATE TABLE jobs (id int PRIMARY KEY, state text)');
  connection = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => connection.close());

function query(text: string) {
  return sharedPostgres().query(text, [], new URL(url).pathname.slice(1));
}

async function withRedis(written: Record<string, unknown>, given: Parameters<typeof filesWorld>[1] = {}) {
  const world = filesWorld(await scratch(), { redis: async () => connection, ...given });
  return step(redis, written, world);
}

function withSql(written: Record<string, unknown>, given: Parameters<typeof filesWorld>[1] = {}) {
  const host = { postgres: async () => ({ url }), env: { S: "it's" } };
  return step(sql, written, filesWorld('/nowhere', { ...given, host }));
}

test('SQL runs with its values as values, is seen to be done, and is undone', async () => {
  const one = withSql({
    text: 'INSERT INTO jobs VALUES (1, $1)',
    values: [{ env: 'S' }],
    expectRows: 1,
    check: 'SELECT count(*) = 1 FROM jobs WHERE id = 1',
    undo: 'DELETE FROM jobs WHERE id = 1',
  });
  expect(await one.preflight()).toEqual([]);
  expect(await one.check()).toBe('undone');
  expect(await one.rehearse()).toEqual({ text: 'would run SQL: INSERT INTO jobs VALUES (1, $1)' });
  expect((await one.apply(null)).positions).toEqual({ rows: 1 });
  expect(await query('SELECT state FROM jobs')).toEqual([{ state: "it's" }]);
  expect(await one.check()).toBe('done');
  await one.undo(null);
  expect(await query('SELECT * FROM jobs')).toEqual([]);
});

test('a secret in a statement is hidden before the statement is cut', async () => {
  const secret = 'x'.repeat(58);
  const one = withSql(
    { text: `SELECT 1 AS ${secret}` },
    { redact: (told) => told.replaceAll(secret, '***') },
  );
  expect(one.outline.does).toBe('run SQL: SELECT 1 AS ***');
  expect((await one.apply(null)).text).toBe('run SQL: SELECT 1 AS ***: done');
});

test('nothing is kept of SQL that touches other rows than expected, or fails half way', async () => {
  const insert = "INSERT INTO jobs VALUES (7, 'a'), (8, 'b')";
  await expect(withSql({ text: insert, expectRows: 1 }).apply(null)).rejects.toMatchObject({
    code: 'SQL_ROWS',
  });
  await expect(withSql({ text: `${insert}; SELECT 1/0` }).apply(null)).rejects.toMatchObject({
    kind: 'source',
  });
  expect(await query('SELECT * FROM jobs')).toEqual([]);
});

test('a statement that ends its own transaction is refused, one in quotes is not', () => {
  const reads = (text: string) => sql.schema.safeParse({ text }).success;
  expect(['COMMIT', 'select 1; rollback', '/* x */ begin'].filter(reads)).toEqual([]);
  expect(["select ';commit'", 'do $$ begin perform 1; end $$'].filter(reads)).toHaveLength(2);
});

test('SQL that the server cannot read is warned of, and a server that is away refused', async () => {
  expect(await withSql({ text: 'SELECT nothing FROM nowhere' }).preflight()).toMatchObject([
    { level: 'warning', code: 'SQL_UNREADABLE' },
  ]);
  expect(await withSql({ text: 'SELECT 1; DROP TABLE jobs' }).preflight()).toEqual([]);
  expect(await query('SELECT * FROM jobs')).toEqual([]);
  const host = { postgres: async () => ({ url: 'postgres://127.0.0.1:1/x' }) };
  const away = step(sql, { text: 'SELECT 1' }, filesWorld('/nowhere', { host }));
  expect(await away.preflight()).toMatchObject([{ level: 'blocker' }]);
});

test('SQL is cancelled at the server where the step is ended', async () => {
  const control = new AbortController();
  const running = withSql({ text: 'SELECT pg_sleep(60)' }, { signal: control.signal }).apply(null);
  const sleeping = () =>
    query("SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(60)'");
  await waitFor(async () => (await sleeping()).length === 1);
  control.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
  await waitFor(async () => (await sleeping()).length === 0);
});

test('keys, fields and groups are as they were after an undo', async () => {
  const [key, hash, stream] = [uniqueName(), uniqueName(), uniqueName()];
  onTestFinished(async () => void (await connection.client.del(key, hash, stream)));
  await connection.client.set(key, 'old', 'EX', 1000);
  await connection.client.hset(hash, 'a', '1');
  const all = await withRedis({
    commands: [
      ['SET', key, 'secret-new'],
      ['HSET', hash, 'a', 2, 'b', 3],
      ['XGROUP', 'CREATE', stream, 'workers', '$', 'MKSTREAM'],
    ],
  });
  expect(all.outline).toMatchObject({
    repeatable: true,
    undo: { does: `take back SET ${key}, HSET ${hash}, XGROUP CREATE ${stream}` },
  });
  expect(await all.check()).toBe('undone');
  const memento = await all.capture();
  const said = await all.apply(memento);
  expect(JSON.stringify([all.outline, memento, said])).not.toContain('secret');
  expect(await connection.client.mget(key)).toEqual(['secret-new']);
  expect(await all.check()).toBe('done');
  expect((await all.undo(memento)).left).toEqual([`stream ${stream} was made with the group and stays`]);
  await all.undo(memento);
  expect(await connection.client.get(key)).toBe('old');
  expect(await connection.client.ttl(key)).toBeGreaterThan(900);
  expect(await connection.client.hgetall(hash)).toEqual({ a: '1' });
  expect(await connection.client.xinfo('GROUPS', stream)).toEqual([]);
});

test.each([
  [
    'has been read from',
    async (stream: string) => connection.client.xgroup('CREATECONSUMER', stream, 'g', 'w'),
  ],
  ['has entries before it', async (stream: string) => connection.client.xadd(stream, '*', 'a', '1')],
])('a group that %s stays: without it nobody knows what is finished', async (_, used) => {
  const stream = uniqueName();
  onTestFinished(async () => void (await connection.client.del(stream)));
  const one = await withRedis({ command: ['XGROUP', 'CREATE', stream, 'g', '0', 'MKSTREAM'] });
  const memento = await one.capture();
  await one.apply(memento);
  await used(stream);
  expect((await one.undo(memento)).left).toEqual([`group g of ${stream} stays: it knows what is finished`]);
  expect(await connection.client.xinfo('GROUPS', stream)).toHaveLength(1);
});

test('a key that others changed since is left and named', async () => {
  const key = uniqueName();
  onTestFinished(async () => void (await connection.client.del(key)));
  const one = await withRedis({ command: ['SET', key, 'mine'] });
  const memento = await one.capture();
  await one.apply(memento);
  await connection.client.set(key, 'theirs');
  await expect(one.undo(memento)).rejects.toMatchObject({
    code: 'REDIS_CHANGED',
    message: expect.stringContaining(key),
  });
  expect(await connection.client.get(key)).toBe('theirs');
});

test('a command that is not for a plan is refused with the plan', () => {
  const reads = (written: object) => redis.schema.safeParse(written).success;
  const refused = [
    ['FLUSHALL'],
    ['config', 'SET', 'a', 'b'],
    ['DEBUG', 'SLEEP', 1],
    ['SELECT', 1],
    ['XREAD', 'BLOCK', 0],
    ['BLPOP', 'k', 0],
  ];
  expect(refused.filter((command) => reads({ command }))).toEqual([]);
  expect(reads({ command: ['CONFIG', 'SET', 'a', 'b'], allow: ['config set'] })).toBe(true);
  // What takes something away is for the plan to refuse: it may stand in an undo, or have a list of steps for its own.
  const undoOf = (written: object) => redis.outline(redis.schema.parse(written), String).undo;
  for (const command of [
    ['DEL', 'k'],
    ['RENAME', 'k', 'l'],
    ['XGROUP', 'DESTROY', 'k', 'g'],
  ])
    expect(undoOf({ command })).toBe('missing');
  expect(undoOf({ command: ['DEL', 'k'], undo: ['SET', 'k', 1] })).toMatchObject({ does: 'run SET k' });
  expect(reads({ command: ['GET', 'k'], commands: [['GET', 'k']] })).toBe(false);
});

test('an answer is compared, and a rehearsal runs nothing', async () => {
  const key = uniqueName();
  const one = await withRedis({ command: ['EXISTS', key], expect: 1 });
  expect(one.outline.undo).toBe('nothing');
  await expect(one.apply({ taken: null })).rejects.toMatchObject({ code: 'REDIS_UNEXPECTED' });
  const set = await withRedis({ command: ['SET', key, 1] });
  expect(await set.rehearse()).toEqual({ text: `would run SET ${key}` });
  expect(await connection.client.exists(key)).toBe(0);
});
