import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { recordStage, type StageOutcome } from '../../src/index.ts';
import { streamKeys } from '../../src/model/keys.ts';
import { readStages, STAGE_BOUNDS_MS, type StageRow } from '../../src/streams/index.ts';
import { parseStages } from '../../src/streams/stage-fields.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());

const stageKey = (stream: string, group: string) => streamKeys(stream).stages(group);
const atMost = (row: StageRow, ms: number | null) => row.buckets.find((one) => one.atMostMs === ms)!.count;

describe('what consumers record of their work', () => {
  test('is read by stage and engine, with times as cumulative buckets', async () => {
    const of = { stream: uniqueName('orders'), group: 'workers' };
    const done = (stage: string, ms: number, engine?: string, outcome: StageOutcome = 'finished') =>
      recordStage(redis.client, { ...of, stage, ms, outcome, ...(engine && { engine }) });
    await done('render', 3.25, 'new');
    await done('render', 250, 'new');
    await done('render', 900_000, 'new');
    await done('render', 40, 'old');
    await done('render', 7, 'new', 'failed');
    await done('parse', 0, undefined, 'retried');
    const rows = await readStages(redis, [of]);
    expect(rows.map(({ stage, engine }) => [stage, engine])).toEqual([
      ['parse', null],
      ['render', 'new'],
      ['render', 'old'],
    ]);
    expect(rows[0]).toMatchObject({ ...of, finished: 0, failed: 0, retried: 1, sumMs: 0 });
    const render = rows[1]!;
    expect(render).toMatchObject({ finished: 3, failed: 1, retried: 0, sumMs: 900_253.25 });
    expect([1, 5, 100, 250, 300_000, null].map((ms) => atMost(render, ms))).toEqual([0, 1, 1, 2, 2, 3]);
    expect(await redis.client.ttl(stageKey(of.stream, of.group))).toBeGreaterThan(6 * 86_400);
  });

  test('comes from node-redis just as well', async () => {
    const client = await createClient({ url: sharedRedisUrl() }).connect();
    const of = { stream: uniqueName('orders'), group: 'workers' };
    await recordStage(client, { ...of, stage: 'total', ms: 12.5, outcome: 'finished' });
    await recordStage(client, { ...of, stage: 'total', ms: 1, outcome: 'failed' });
    client.destroy();
    const [row] = await readStages(redis, [of]);
    expect(row).toMatchObject({ stage: 'total', finished: 1, failed: 1, sumMs: 12.5 });
    expect([atMost(row!, 10), atMost(row!, 25)]).toEqual([0, 1]);
  });

  test('of partitions and of groups with colons stays apart', async () => {
    const base = uniqueName('orders');
    const groups = [`${base}:{0}`, `${base}-other:{0}`].flatMap((stream) =>
      ['a', 'a:b'].map((group) => ({ stream, group })),
    );
    for (const [at, of] of groups.entries())
      await recordStage(redis.client, { ...of, stage: 'total', ms: at, outcome: 'finished' });
    const rows = await readStages(redis, [...groups, { stream: base, group: 'nobody' }]);
    expect(rows.map(({ stream, group, sumMs }) => ({ stream, group, sumMs }))).toEqual(
      groups.map((of, at) => ({ ...of, sumMs: at })),
    );
  });

  test('under a key that holds something else, or ids in place of stages, spoils nothing beside it', async () => {
    const stream = uniqueName('orders');
    await redis.client.set(stageKey(stream, 'text'), 'x');
    const ids = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`message-${at}:finished`, '1']));
    await redis.client.hset(stageKey(stream, 'ids'), ids);
    const few = Object.fromEntries(Object.entries(ids).slice(0, 100));
    await redis.client.hset(stageKey(stream, 'some-ids'), few);
    await recordStage(redis.client, { stream, group: 'good', stage: 's', ms: 1, outcome: 'finished' });
    const leftOut: string[] = [];
    const groups = ['text', 'ids', 'some-ids', 'good', 'not \ufffd'].map((group) => ({ stream, group }));
    const rows = await readStages(redis, groups, ({ group }) => leftOut.push(group));
    expect(rows.map(({ group }) => group)).toEqual(['good']);
    expect(leftOut).toEqual(['ids', 'some-ids']);
    await redis.client.del(...groups.map(({ group }) => stageKey(stream, group)));
  });

  test('is refused where it would be counted under a name that nobody meant', async () => {
    const good = { stream: 's', group: 'g', stage: 'total', ms: 1, outcome: 'finished' } as const;
    const refused = { kind: 'usage', code: 'BAD_STAGE' };
    for (const wrong of [
      { stage: 'a b' },
      { stage: '' },
      { stage: 'x'.repeat(65) },
      { engine: 'a@b' },
      { ms: Number.NaN },
      { outcome: 'done' as StageOutcome },
    ])
      await expect(recordStage(redis.client, { ...good, ...wrong })).rejects.toMatchObject(refused);
  });

  test('a user who may read some of it sees that; who may read none is told so', async () => {
    const user = uniqueName('u');
    const stream = uniqueName('orders');
    const groups = ['mine', 'theirs'].map((group) => ({ stream, group }));
    for (const of of groups)
      await recordStage(redis.client, { ...of, stage: 's', ms: 1, outcome: 'finished' });
    await redis.client.call('ACL', 'SETUSER', user, 'on', '>pw', `~*:mine`, '+@all');
    const url = new URL(sharedRedisUrl());
    url.username = user;
    url.password = 'pw';
    const limited = await connectRedis({ url: url.href });
    try {
      expect((await readStages(limited, groups)).map(({ group }) => group)).toEqual(['mine']);
      await expect(readStages(limited, groups.slice(1))).rejects.toMatchObject({ code: 'REDIS_NOPERM' });
      expect(await readStages(limited, [])).toEqual([]);
    } finally {
      await limited.close();
      await redis.client.call('ACL', 'DELUSER', user);
    }
  });
});

describe('fields that others have written', () => {
  const field = fc.oneof(
    fc.string(),
    fc
      .tuple(
        fc.constantFrom('a', 'a@new', 'b', '', 'a@', '@', 'a b'),
        fc.constantFrom(
          'finished',
          'failed',
          'ms',
          'le:5',
          'le:7',
          'le:inf',
          'le:999999',
          'le:-1',
          'le:',
          'x',
        ),
      )
      .map((parts) => parts.join(':')),
  );
  const value = fc.oneof(
    fc.string(),
    fc.nat().map(String),
    fc.double().map(String),
    fc.constantFrom('', ' 5', '0x10', '-3', '1e9', 'Infinity', 'NaN', '9'.repeat(400)),
  );

  test('never give a number that is none, nor buckets that go down', () => {
    fc.assert(
      fc.property(fc.dictionary(field, value), (hash) => {
        for (const row of parseStages(hash)) {
          const counts = row.buckets.map(({ count }) => count);
          const numbers = [row.finished, row.failed, row.retried, row.sumMs, ...counts];
          expect(numbers.every((one) => Number.isFinite(one) && one >= 0)).toBe(true);
          expect(counts).toEqual([...counts].sort((a, b) => a - b));
          expect(row.finished).toBe(counts.at(-1));
          expect(row.buckets.map(({ atMostMs }) => atMostMs)).toEqual([...STAGE_BOUNDS_MS, null]);
        }
      }),
    );
  });

  test('with bounds of their own count under the next higher one, without a time under none', () => {
    const [row] = parseStages({ 's:le:7': '2', 's:le:10': '1', 's:le:999999': '1', 's:finished': '6' });
    expect(row!.buckets.filter(({ atMostMs }) => [5, 10, 300_000, null].includes(atMostMs))).toEqual([
      { atMostMs: 5, count: 0 },
      { atMostMs: 10, count: 3 },
      { atMostMs: 300_000, count: 3 },
      { atMostMs: null, count: 6 },
    ]);
  });
});

test('the Python of the page writes what qctl reads', async () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const example = /```python\n(.*?)```/s.exec(page)![1]!;
  const { stdout, stderr, error } = spawnSync('python3', ['-c', FAKE_REDIS_PY + example], {
    encoding: 'utf8',
  });
  if (error)
    throw new Error('python3 is missing: install it (apt-get install python3), no package is needed');
  expect(stderr).toBe('');
  for (const [command, ...words] of JSON.parse(stdout) as string[][])
    await redis.client.call(command!, ...words);
  const rows = await readStages(redis, [{ stream: 'orders', group: 'workers' }]);
  await redis.client.del(stageKey('orders', 'workers'));
  expect(rows).toMatchObject([{ stage: 'render', engine: 'new', finished: 1, sumMs: 41.7 }]);
  expect([atMost(rows[0]!, 25), atMost(rows[0]!, 50)]).toEqual([0, 1]);
});

/** In place of the package `redis`, which may not be there: prints the commands of its pipeline. */
const FAKE_REDIS_PY = `
import json, sys, types
class Pipeline:
    def __init__(self): self.commands = []
    def __enter__(self): return self
    def __exit__(self, *failure): pass
    def __getattr__(self, name): return lambda *words: self.commands.append([name, *map(str, words)])
    def execute(self): print(json.dumps(self.commands))
class Redis:
    def pipeline(self, transaction=True): return Pipeline()
sys.modules["redis"] = types.ModuleType("redis")
sys.modules["redis"].Redis = Redis
`;
