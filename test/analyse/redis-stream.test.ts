import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maxLenFindings } from '../../src/analyse/redis/max-len.ts';
import { type StreamSettings, streamSettings } from '../../src/streams/index.ts';
import { goBack } from '../drain/back-driver.ts';
import { drain, ownDatabase } from '../drain/driver.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { analysed, type Case, found } from './driver.ts';

let server: TestRedis;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const into = (stream: string, target: object = {}, settings: Partial<StreamSettings> = {}): Case => ({
  redisUrl: server.url,
  target: { stream, ...target },
  stream: { ...streamSettings({}, stream), ...settings },
});

async function fill(stream: string, entries: number): Promise<void> {
  const append = `for i = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'body', 'x') end`;
  await redis.eval(append, 1, stream, entries);
}
/** Gives entries to a consumer of the group; returns their ids. */
async function read(stream: string, consumer: string, count = 1): Promise<string[]> {
  const given = await redis.xreadgroup('GROUP', 'workers', consumer, 'COUNT', count, 'STREAMS', stream, '>');
  return given![0]![1].map(([id]) => id);
}
/** A group that has been given and has acknowledged so many of the entries. */
async function group(stream: string, entries: number, done = entries): Promise<void> {
  await fill(stream, entries);
  await redis.xgroup('CREATE', stream, 'workers', '0');
  if (done === 0) return;
  await redis.xack(stream, 'workers', ...(await read(stream, 'one', done)));
}

describe('the name', () => {
  test('BAD_STREAM_NAME: braces that are no tag, until there are none', async () => {
    expect(await found(into('a{b}c{d}'), 'BAD_STREAM_NAME')).toMatchObject([
      { level: 'blocker', about: 'a{b}c{d}', remedy: 'choose a name without braces' },
    ]);
    expect(await found(into('abcd'), 'BAD_STREAM_NAME')).toEqual([]);
  });

  test('TARGET_NOT_A_STREAM: a list stands there, until it is removed', async () => {
    const stream = uniqueName('list');
    await redis.rpush(`${stream}:{2}`, 'x');
    const analysis = await analysed(into(stream, { partitions: 4 }));
    expect(analysis.findings.filter(({ code }) => code === 'TARGET_NOT_A_STREAM')).toMatchObject([
      { level: 'blocker', what: `key ${stream}:{2} holds a list, not a stream` },
    ]);
    expect(analysis.moves[0]!.target).toMatchObject({ type: 'list', partitionsThere: 1, entries: 0 });
    await redis.del(`${stream}:{2}`);
    expect(await found(into(stream, { partitions: 4 }), 'TARGET_NOT_A_STREAM')).toEqual([]);
  });

  test('PARTITIONS_DIFFER: what is kept in another way so far', async () => {
    const stream = uniqueName('parts');
    await fill(stream, 1);
    const [whole] = await found(into(stream, { partitions: 4 }), 'PARTITIONS_DIFFER');
    expect(whole).toMatchObject({
      level: 'warning',
      remedy: expect.stringContaining('leave --partitions out'),
    });
    expect(await found(into(stream), 'PARTITIONS_DIFFER')).toEqual([]);
    await redis.del(stream);
    await fill(`${stream}:{7}`, 1);
    for (const partitions of [1, 4])
      expect(await found(into(stream, { partitions }), 'PARTITIONS_DIFFER')).toMatchObject([
        { remedy: '--partitions 8' },
      ]);
    expect(await found(into(stream, { partitions: 8 }), 'PARTITIONS_DIFFER')).toEqual([]);
    const other = into(uniqueName('new'), { partitions: 4 }, { partitions: 16 });
    expect(await found(other, 'PARTITIONS_DIFFER')).toMatchObject([{ remedy: '--partitions 16' }]);
  });
});

describe('what is there', () => {
  test('of a stream that nobody has made nothing is said', async () => {
    const { findings, moves } = await analysed(into(uniqueName('new')));
    expect(findings.filter(({ about }) => about.startsWith('new'))).toEqual([]);
    expect(moves[0]!.target).toMatchObject({
      type: 'none',
      partitionsThere: 0,
      entries: 0,
      memoryBytes: 0,
      groups: [],
      deadLetters: 0,
      unfinishedRuns: [],
      partitionsByMaster: null,
    });
  });

  test('over all partitions it is counted together, and odd things are said once', async () => {
    const stream = uniqueName('sum');
    for (const at of [0, 1, 2]) await group(`${stream}:{${at}}`, 10, 4);
    const { moves, findings } = await analysed(into(stream, { partitions: 4 }, { group: 'missing' }));
    expect(moves[0]!.target).toMatchObject({
      partitionsThere: 3,
      entries: 30,
      groups: [{ group: 'workers', lag: 18, lagAtLeast: 18, pending: 0, consumers: 1, deadConsumers: 0 }],
    });
    expect(moves[0]!.target!.memoryBytes).toBeGreaterThan(0);
    const missing = findings.filter(({ code }) => code === 'GROUP_MISSING');
    expect(missing).toHaveLength(1);
    expect(missing[0]!.what).toBe(
      `${stream}:{0}: the configuration names group missing, which does not exist (and at 2 more)`,
    );
  });

  test('STREAM_NOT_EMPTY: entries of an earlier time, unless another stream is taken', async () => {
    const stream = uniqueName('full');
    await group(stream, 3);
    expect(await found(into(stream), 'STREAM_NOT_EMPTY')).toMatchObject([
      { level: 'note', what: expect.stringContaining('holds 3 entries') },
    ]);
    expect(await found(into(uniqueName('other')), 'STREAM_NOT_EMPTY')).toEqual([]);
  });

  test('NO_GROUPS: nobody reads in a group, until one is made', async () => {
    const stream = uniqueName('nogroups');
    await fill(stream, 1);
    const [finding] = await found(into(stream), 'NO_GROUPS');
    expect(finding).toMatchObject({
      level: 'note',
      remedy: expect.stringContaining(`group create ${stream}`),
    });
    await redis.xgroup('CREATE', stream, 'workers', '0');
    expect(await found(into(stream), 'NO_GROUPS')).toEqual([]);
  });

  test('DEAD_LETTERS: those of the stream, until they are gone', async () => {
    const stream = uniqueName('dead');
    await group(stream, 1);
    await fill(`${stream}:dead`, 2);
    expect(await found(into(stream), 'DEAD_LETTERS')).toMatchObject([
      { level: 'note', what: `2 dead letters lie in ${stream}:dead` },
    ]);
    await redis.del(`${stream}:dead`);
    expect(await found(into(stream), 'DEAD_LETTERS')).toEqual([]);
  });

  test('LENGTH_OVER_MAX and AGE_OVER_MAX: more than the configuration allows, until it is trimmed', async () => {
    const stream = uniqueName('long');
    await redis.xadd(stream, `${Date.now() - 7_200_000}-1`, 'body', 'old');
    await group(stream, 10);
    const its = into(stream, {}, { maxLen: 10, maxAgeMs: 3_600_000 });
    expect(await found(its, 'LENGTH_OVER_MAX')).toMatchObject([{ level: 'warning' }]);
    expect(await found(its, 'AGE_OVER_MAX')).toMatchObject([
      { level: 'warning', remedy: expect.stringContaining(`qctl stream trim ${stream}`) },
    ]);
    await redis.xtrim(stream, 'MAXLEN', 10);
    expect(await found(its, 'LENGTH_OVER_MAX')).toEqual([]);
    expect(await found(its, 'AGE_OVER_MAX')).toEqual([]);
  });

  test('UNDELIVERED_TRIMMED: somebody trims what a group has not got, until it is set right', async () => {
    const stream = uniqueName('cut');
    await group(stream, 10, 2);
    await redis.xtrim(stream, 'MAXLEN', 3);
    const [finding] = await found(into(stream), 'UNDELIVERED_TRIMMED');
    expect(finding!.level).toBe('warning');
    expect(finding!.what).toContain('up to 5 entries');
    await read(stream, 'one', 10);
    expect(await found(into(stream), 'UNDELIVERED_TRIMMED')).toEqual([]);
  });

  test('PENDING_TRIMMED: somebody trims what a consumer has in hand, until it is acknowledged', async () => {
    const stream = uniqueName('cut');
    await group(stream, 10, 0);
    const given = await read(stream, 'one', 2);
    await redis.xtrim(stream, 'MAXLEN', 5);
    expect(await found(into(stream), 'PENDING_TRIMMED')).toMatchObject([{ level: 'warning' }]);
    await redis.xack(stream, 'workers', ...given);
    expect(await found(into(stream), 'PENDING_TRIMMED')).toEqual([]);
  });

  test('MAXLEN_CUTS: a limit of the drain below what a group has still to get', async () => {
    const stream = uniqueName('max');
    await group(stream, 500, 0);
    const [finding] = await found(into(stream, { maxLen: 100 }), 'MAXLEN_CUTS');
    expect(finding!.level).toBe('blocker');
    expect(finding!.what).toContain(`has 500 entries of ${stream} still to come`);
    expect(finding!.what).toContain('deletes about 400');
    expect(finding!.remedy).toContain('leave --max-len out');
    expect(await found(into(stream), 'MAXLEN_CUTS')).toEqual([]);
  });

  test('a limit of the drain below what is to be moved is warned of', () => {
    const target = { stream: 'orders', partitions: 4, maxLen: 100 };
    expect(maxLenFindings(target, [], 401)).toMatchObject([{ level: 'warning', code: 'MAXLEN_CUTS' }]);
    expect(maxLenFindings(target, [], 400)).toEqual([]);
    expect(maxLenFindings(target, [], null)).toEqual([]);
    expect(maxLenFindings({ ...target, maxLen: undefined }, [], 401)).toEqual([]);
  });
});

describe('its groups', () => {
  test('GROUP_MISSING: the group of the configuration, until it is made or the drain makes it', async () => {
    const stream = uniqueName('missing');
    const its = into(stream, {}, { group: 'workers' });
    const [finding] = await found(its, 'GROUP_MISSING');
    expect(finding).toMatchObject({
      level: 'warning',
      remedy: expect.stringContaining('--create-group workers'),
    });
    expect(
      await found(into(stream, { createGroup: 'workers' }, { group: 'workers' }), 'GROUP_MISSING'),
    ).toEqual([]);
    await fill(stream, 1);
    expect(await found(its, 'GROUP_MISSING')).toHaveLength(1);
    await redis.xgroup('CREATE', stream, 'workers', '0');
    expect(await found(its, 'GROUP_MISSING')).toEqual([]);
  });

  test('GROUP_WITHOUT_CONSUMERS: entries wait for nobody, until somebody reads', async () => {
    const stream = uniqueName('alone');
    await group(stream, 3, 0);
    expect(await found(into(stream), 'GROUP_WITHOUT_CONSUMERS')).toMatchObject([{ level: 'warning' }]);
    await read(stream, 'one');
    expect(await found(into(stream), 'GROUP_WITHOUT_CONSUMERS')).toEqual([]);
  });

  test('GROUP_LAGS: much is waiting, until it has been read', async () => {
    const stream = uniqueName('lags');
    await group(stream, 1500, 1);
    const [finding] = await found(into(stream), 'GROUP_LAGS');
    expect(finding!.level).toBe('note');
    expect(finding!.what).toContain('has not been given 1499 entries');
    await read(stream, 'one', 1000);
    expect(await found(into(stream), 'GROUP_LAGS')).toEqual([]);
  });

  test('PENDING_STUCK and DEAD_CONSUMERS: one that has died, until it is reaped', async () => {
    const stream = uniqueName('stuck');
    await group(stream, 3, 1);
    await read(stream, 'gone');
    const its = into(stream, {}, { minIdleMs: 1 });
    await sleep(5);
    const [stuck] = await found(its, 'PENDING_STUCK');
    expect(stuck).toMatchObject({
      level: 'warning',
      remedy: expect.stringContaining(`qctl claim ${stream} workers`),
    });
    const [dead] = await found(its, 'DEAD_CONSUMERS');
    expect(dead).toMatchObject({
      level: 'warning',
      remedy: expect.stringContaining(`qctl consumer reap ${stream}`),
    });
    expect(dead!.what).toContain('none of the 2 consumers');
    await redis.xgroup('DELCONSUMER', stream, 'workers', 'gone');
    expect(await found(its, 'PENDING_STUCK')).toEqual([]);
    await redis.xgroup('DELCONSUMER', stream, 'workers', 'one');
    expect(await found(its, 'DEAD_CONSUMERS')).toEqual([]);
  });

  test('DEAD_CONSUMERS: one that has died while others work is a note', async () => {
    const stream = uniqueName('one');
    await group(stream, 3, 3);
    const its = into(stream, {}, { minIdleMs: 1 });
    await sleep(5);
    expect(await found(its, 'DEAD_CONSUMERS')).toMatchObject([{ level: 'note' }]);
  });
});

describe('runs of qctl', () => {
  test('RUN_UNFINISHED: a drain that has stopped half way, until it is finished', async () => {
    const database = await ownDatabase();
    await database.sql('CREATE TABLE jobs (id bigint PRIMARY KEY, payload text)');
    await database.sql(`INSERT INTO jobs SELECT i, 'x' FROM generate_series(1, 20) i`);
    const stream = uniqueName('half');
    const its = { spec: { table: 'jobs' }, database: database.url, redisUrl: server.url, target: { stream } };
    const { plan } = await drain({ ...its, settings: { limit: 10, batch: 5 } });
    const analysis = await analysed(into(stream));
    const [finding] = analysis.findings.filter(({ code }) => code === 'RUN_UNFINISHED');
    expect(finding!.level).toBe('warning');
    expect(finding!.what).toContain(`run ${plan.run}`);
    expect(finding!.what).toContain('nobody is at work');
    expect(finding!.remedy).toContain(`qctl drain status ${plan.run}`);
    expect(analysis.moves[0]!.target!.unfinishedRuns).toEqual([plan.run]);
    // It goes on where it stood.
    expect(analysis.findings.map(({ code }) => code)).not.toContain('STREAM_NOT_EMPTY');
    await drain(its);
    expect(await found(into(stream), 'RUN_UNFINISHED')).toEqual([]);
  });

  test('WAY_BACK_AT_WORK: messages of the stream are being given back, until that has stopped', async () => {
    const database = await ownDatabase();
    await database.sql('CREATE TABLE jobs (id bigint PRIMARY KEY, payload text)');
    await database.sql(`INSERT INTO jobs SELECT i, 'x' FROM generate_series(1, 40) i`);
    const stream = uniqueName('back');
    const table = { url: database.url, spec: { table: 'jobs' } };
    const target = { stream, createGroup: 'workers' };
    await drain({ spec: table.spec, database: database.url, redisUrl: server.url, target });
    const stop = new AbortController();
    const settings = { ratePerSecond: 5, batch: 1 };
    const going = goBack({ source: { stream }, table, redisUrl: server.url, settings, signal: stop.signal });
    await waitFor(async () => (await database.sql('SELECT 1 FROM jobs')).length > 0, {
      what: 'the first row',
    });
    const [finding] = await found(into(stream), 'WAY_BACK_AT_WORK');
    expect(finding).toMatchObject({ level: 'blocker', what: expect.stringContaining(`pid ${process.pid}`) });
    stop.abort();
    const { report } = await going;
    expect(finding!.remedy).toContain(`qctl drain stop ${report.run}`);
    expect(await found(into(stream), 'WAY_BACK_AT_WORK')).toEqual([]);
    // It has stopped, and has not come to its end.
    expect(await found(into(stream), 'RUN_UNFINISHED')).toMatchObject([{ level: 'warning' }]);
  });
});
