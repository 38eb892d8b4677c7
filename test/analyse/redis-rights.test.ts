import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { uniqueName } from '../support/shared.ts';
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

/** Makes a user and gives a case with it. */
async function as(rules: string[], more: Case = {}): Promise<Case & { user: string }> {
  const user = uniqueName('user');
  await redis.call('ACL', 'SETUSER', user, 'on', '>pw', ...rules);
  const redisUrl = server.url.replace('redis://', `redis://${user}:pw@`);
  return { redisUrl, target: { stream: 'orders' }, ...more, user };
}
const put = async (remedy: string | null) => {
  const [, line] = /ACL SETUSER (\S+ [^;]+)/.exec(remedy!)!;
  await redis.call('ACL', 'SETUSER', ...line!.trim().split(/\s+/));
};

describe('rights', () => {
  test('MISSING_RIGHT: what the remedy grants is enough', async () => {
    const its = await as(['+@connection', '+acl|whoami', '+acl|dryrun', '+acl|getuser', '+command|info']);
    const missing = await found({ ...its, target: { stream: 'orders', partitions: 64 } }, 'MISSING_RIGHT');
    // Not once for each partition.
    expect(missing.length).toBeGreaterThan(5);
    expect(missing.length).toBeLessThan(10);
    expect(missing[0]!.level).toBe('blocker');
    expect(missing.map(({ what }) => what).join()).toContain('XADD');
    await put(missing[0]!.remedy);
    expect(await found(its, 'MISSING_RIGHT')).toEqual([]);
  });

  test('a durability that waits for replicas takes a right of its own', async () => {
    const its = await as(['~*', '+@all', '-wait'], { target: { stream: 'orders', durability: 'wait:1' } });
    const [finding] = await found(its, 'MISSING_RIGHT');
    expect(finding!.what).toContain('WAIT');
    await put(finding!.remedy);
    expect(await found(its, 'MISSING_RIGHT')).toEqual([]);
  });

  test('EVICTION_UNKNOWN: without INFO nobody knows, with it everybody does', async () => {
    const its = await as(['~*', '+@all', '-info']);
    const analysis = await analysed(its);
    expect(analysis.server).toMatchObject({
      version: null,
      usedMemoryBytes: null,
      replicas: null,
      role: null,
    });
    const [finding] = await found(its, 'EVICTION_UNKNOWN');
    expect(finding).toMatchObject({ level: 'warning', remedy: expect.stringContaining('+info') });
    await redis.call('ACL', 'SETUSER', its.user, '+info');
    expect(await found(its, 'EVICTION_UNKNOWN')).toEqual([]);
  });

  test('FACTS_UNKNOWN: a Redis that forbids CONFIG is analysed, and what is not known is named', async () => {
    const its = await as(['~*', '+@all', '-config']);
    const { server: facts } = await analysed(its);
    expect(facts).toMatchObject({
      appendfsync: null,
      streamNodeMaxBytes: null,
      maxmemoryPolicy: 'noeviction',
    });
    const [finding] = await found(its, 'FACTS_UNKNOWN');
    expect(finding!.level).toBe('note');
    expect(finding!.what).toContain('CONFIG GET is refused (fsync policy');
    await put(finding!.remedy);
    expect(await found(its, 'FACTS_UNKNOWN')).toEqual([]);
  });

  test('FACTS_UNKNOWN: of a stream, too', async () => {
    await redis.xadd('orders', '*', 'a', '1');
    const its = await as(['~*', '+@all', '-acl', '-@scripting']);
    const { moves } = await analysed(its);
    expect(moves[0]!.target).toMatchObject({ type: 'stream', entries: null, groups: null });
    const findings = await found(its, 'FACTS_UNKNOWN');
    expect(findings.map(({ what }) => what).join()).toMatch(/EVAL is refused.*XINFO in a script.*ACL DRYRUN/);
    await redis.call('ACL', 'SETUSER', its.user, '+acl|whoami', '+acl|dryrun', '+@scripting');
    expect(await found(its, 'FACTS_UNKNOWN')).toEqual([]);
    await redis.del('orders');
  });

  test('one who may only read gets an analysis of what may be read', async () => {
    await redis.xadd('orders', '*', 'a', '1');
    const its = await as(['~*', '+@read', '+@connection', '+@scripting', '+info', '+time']);
    const { server: facts, moves, findings } = await analysed(its);
    expect(facts).toMatchObject({ role: 'master', appendfsync: null, passwordGiven: true });
    expect(facts!.pingP50Ms).toBeGreaterThan(0);
    expect(moves[0]!.target).toMatchObject({ entries: 1, type: 'stream', groups: [] });
    expect(findings.filter(({ code }) => code === 'FACTS_UNKNOWN').length).toBeGreaterThan(0);
    await redis.del('orders');
  });

  test('one who may do nothing at all gets notes, and no failure', async () => {
    const its = await as([]);
    const { server: facts, moves } = await analysed(its);
    expect(facts).toMatchObject({ version: null, user: null, pingP50Ms: null, clockSkewMs: null });
    expect(moves[0]!.target).toMatchObject({ type: null, entries: null, unfinishedRuns: null });
  });
});

describe('an analysis', () => {
  test('runs no command that writes, and leaves everything as it was', async () => {
    const stream = uniqueName('kept');
    await redis.xadd(stream, '*', 'a', '1');
    await redis.xadd(`${stream}:dead`, '*', 'a', '1');
    await redis.xgroup('CREATE', stream, 'workers', '0');
    await redis.xreadgroup('GROUP', 'workers', 'one', 'STREAMS', stream, '>');
    await redis.config('RESETSTAT');
    const before = await state(stream);
    await analysed({ redisUrl: server.url, target: { stream }, stream: null });
    const after = await state(stream);
    // Each look at the state is a few commands itself, none of which writes.
    expect(after.writes).toEqual([]);
    expect({ ...after, writes: [] }).toEqual({ ...before, writes: [] });
  });
});

async function state(stream: string) {
  const [info, consumers] = await Promise.all([
    redis.info('persistence'),
    redis.call('XINFO', 'CONSUMERS', stream, 'workers') as Promise<unknown[][]>,
  ]);
  const ran = [...(await redis.info('commandstats')).matchAll(/cmdstat_([^:]+)/g)].map(([, name]) => name!);
  const described = (await redis.call('COMMAND', 'INFO', ...new Set(ran))) as [string, number, string[]][];
  return {
    size: await redis.dbsize(),
    changes: /rdb_changes_since_last_save:(\d+)/.exec(info)![1],
    stream: await redis.xinfo('STREAM', stream, 'FULL'),
    seen: consumers.map((row) => row.slice(0, 4)),
    writes: described.filter(([, , flags]) => flags.includes('write')).map(([name]) => name),
  };
}
