import { readFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import {
  checkClaimRights,
  checkTrimRights,
  claimPending,
  planReplay,
  planTrim,
  purgeDeadLetters,
  type ReapRequest,
  readConsumers,
  reapConsumer,
  replayDeadLetters,
  requireFacts,
  surveyDeadLetters,
  trimAsPlanned,
} from '../../src/streams/index.ts';
import { runCommand } from '../commands/run-command.ts';
import { fillPending, pendingOf } from '../support/pending.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';
import { ALL, deadOf, killAll, work } from './dlq-support.ts';

/*
 * What a script has done before Redis refuses the rest of it stays done. Whatever a user may not do, nothing
 * may happen that no report tells of.
 */
let server: TestRedis;
let admin: Redis;
let limited: RedisConnection;
/** Before Redis 7.0 nobody can ask beforehand. */
let old: boolean;

beforeAll(async () => {
  server = await startRedis();
  admin = new Redis(server.url);
  old = (await admin.info('server')).includes('redis_version:6');
});
beforeEach(() => admin.flushall());
afterEach(() => limited?.close());
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

/** @param rules what the user lacks, as in `-set` */
async function limit(...rules: string[]): Promise<void> {
  await admin.call('ACL', 'SETUSER', 'op', 'reset', 'on', '>pw', '~*', '+@all', ...rules);
  limited = await connectRedis({ url: server.url.replace('redis://', 'redis://op:pw@') });
}

const rows = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: `${at + 1}-0`, consumer: 'dead', deliveries: 3 }));

const reap: ReapRequest = {
  ...{ stream: 'orders', group: 'workers', to: 'worker', reason: 'r', legacy: false },
  ...{ maxDeliveries: 3, deadLetter: 'orders:dead' },
};

describe.each(['-set', '-xack'])('a user with %s', (rule) => {
  beforeEach(async () => {
    await fillPending(admin, 'orders', 'workers', rows(10));
    await limit(rule);
  });

  test('makes no dead letter and takes nothing over', async () => {
    const report = await claimPending(limited, { ...reap, to: 'worker', minIdleMs: 0 }, work);
    expect(report).toMatchObject({ claimed: 0, deadLettered: 0, failure: { kind: 'auth' } });
    expect(await admin.exists('orders:dead')).toBe(0);
    expect((await pendingOf(admin, 'orders', 'workers')).map(({ consumer }) => consumer)).toEqual(
      Array.from({ length: 10 }, () => 'dead'),
    );
  });

  test('is told before', async () => {
    if (old) return;
    const refused = { kind: 'refused', code: 'MISSING_RIGHTS' };
    await expect(checkClaimRights(limited, [reap])).rejects.toMatchObject(refused);
    await expect(checkClaimRights(limited, [reap], { reap: true })).rejects.toThrow(
      `cannot reap consumers of orders (${limited.label}): Redis would refuse ${rule.slice(1).toUpperCase()}: `,
    );
  });
});

test('the rights that the documentation names are enough', async () => {
  const page = await readFile(new URL('../../docs/stuck-messages.md', import.meta.url), 'utf8');
  const rules = /^ACL SETUSER ops (.*)$/m.exec(page)![1]!.split(' ');
  await fillPending(admin, 'orders', 'workers', rows(10));
  await admin.call('ACL', 'SETUSER', 'ops', 'reset', 'on', '>pw', ...rules);
  const setting = { url: server.url.replace('redis://', 'redis://ops:pw@') };
  for (const line of [
    'claim orders workers --to w2 --create-consumer --max-deliveries 3 --yes',
    'claim orders workers --to w3 --create-consumer --min-idle 0s --yes',
    'dlq replay orders --all --yes',
    'consumer reap orders workers --consumer dead --min-idle 0s --to w3 --yes',
    'stream trim orders --max-len 5 --force --yes',
    'dlq purge orders --all --yes',
    'stream info orders',
    'pending orders',
  ])
    expect(await runCommand([...line.split(' '), '--quiet'], setting), line).toMatchObject({
      code: 0,
      stderr: '',
    });
});

test('without SET a consumer that holds nothing is not deleted', async () => {
  await fillPending(admin, 'orders', 'workers', rows(1));
  await admin.xack('orders', 'workers', '1-0');
  await limit('-set');
  const [dead] = await readConsumers(limited, 'orders', 'workers');
  expect(await reapConsumer(limited, reap, dead!, 0, work)).toMatchObject({ outcome: 'failed' });
  expect(await readConsumers(limited, 'orders', 'workers')).toHaveLength(1);
});

test.each(['-set', '-xtrim'])('with %s nothing is cut, and a trim is refused before', async (rule) => {
  await fillPending(admin, 'orders', 'workers', rows(300));
  await limit(rule);
  const plan = await planTrim(limited, await requireFacts(limited, 'orders'), { kind: 'maxLen', length: 1 });
  const report = await trimAsPlanned(limited, plan, { force: true, approximate: false }, work);
  expect(report).toMatchObject({ trimmed: 0, failure: { kind: 'auth' } });
  expect(await admin.xlen('orders')).toBe(300);
  if (!old) await expect(checkTrimRights(limited, [plan])).rejects.toThrow('cannot trim (');
});

describe('dead letters', () => {
  const streams = ['a:{0}', 'b:{0}'];
  beforeEach(async () => {
    const whole = await connectRedis({ url: server.url });
    for (const stream of streams) await killAll(whole, stream, rows(10));
    await whole.close();
  });

  test('without XDEL none is appended', async () => {
    await limit('-xdel');
    const choice = { streams: [await deadOf(limited, 'a:{0}')], choice: ALL, create: false };
    const prepared = await planReplay(limited, choice, work);
    const report = await replayDeadLetters(limited, prepared, work);
    expect(report).toMatchObject({ replayed: 0, failure: { kind: 'auth' } });
    expect(await admin.xlen('a:{0}')).toBe(10);
  });

  test('two streams of one hash tag are both purged where the note between them cannot be deleted', async () => {
    await limit('-del');
    const dead = await Promise.all(streams.map((stream) => deadOf(limited, stream)));
    const survey = await surveyDeadLetters(limited, dead, ALL, work);
    expect(await purgeDeadLetters(limited, survey, ALL, work)).toMatchObject({ purged: 20, failure: null });
    for (const stream of streams) expect(await admin.xlen(`${stream}:dead`)).toBe(0);
  });
});

test('a read-only replica is refused at once, not waited for', async () => {
  const replica = await startRedis();
  const own = new Redis(replica.url);
  await fillPending(admin, 'orders', 'workers', rows(1));
  await own.call('REPLICAOF', '127.0.0.1', server.port);
  await waitFor(async () => (await own.exists('orders')) === 1, { what: 'the copy' });
  limited = await connectRedis({ url: replica.url });
  await expect(checkClaimRights(limited, [reap])).rejects.toMatchObject({
    ...{ kind: 'target', code: 'REDIS_READONLY' },
    message: `cannot claim of orders (${limited.label}): server is a read-only replica`,
  });
  own.disconnect();
  await replica.stop();
});
