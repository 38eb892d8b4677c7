import type { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';
import { startRedis } from '../support/redis.ts';
import { sharedPostgres } from '../support/shared.ts';
import { expectConverged, expectOrderInsideKeys, finish, lookInto, start, untilAppended } from './harness.ts';
import { fillTable, tableDrain } from './table.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const CLOSED_PARTITION = 2;

/** From now on the drain's user may write to all partitions but one. */
async function closeOnePartition(redis: Redis, stream: string): Promise<void> {
  const open = [0, 1, 2, 3].filter((partition) => partition !== CLOSED_PARTITION);
  const keys = open.map((partition) => `~${stream}:{${partition}}`);
  await redis.call('ACL', 'SETUSER', 'drainer', 'resetkeys', '~qctl:*', ...keys);
}

/** Tokens of the last batch in each partition, lane by lane. */
async function tokens(redis: Redis): Promise<(string | null)[]> {
  const checkpoints = (await redis.keys('qctl:*:checkpoint:*')).sort();
  return Promise.all(checkpoints.map((key) => redis.hget(key, 'token')));
}

test.each([
  ['move', ['--workers', '1']],
  ['copy', ['--mode', 'copy']],
])(
  'a %s that ended when a batch had reached three of four partitions is completed by the next one',
  async (mode, flags) => {
    const server = await startRedis();
    const target = lookInto(server.url);
    ends.push(
      () => target.disconnect(),
      () => server.stop(),
    );
    await target.call('ACL', 'SETUSER', 'drainer', 'on', '>secret', '~*', '&*', '+@all');
    const url = server.url.replace('redis://', 'redis://drainer:secret@');
    const table = await fillTable(await sharedPostgres().createDatabase(), 6000);
    const pace = ['--rate', '2000/s', '--batch', '100'];
    const scenario = tableDrain(table.url, { flags: [], env: { REDIS_URL: url } }, target, {
      flags: [...pace, ...flags],
      partitions: 4,
    });
    const interrupted = start(scenario);
    await untilAppended(scenario, interrupted, 1000);
    await closeOnePartition(target, scenario.stream);
    expect((await interrupted.done).code).toBe(4);
    expect(new Set(await tokens(target)).size).toBeGreaterThan(1);
    await target.call('ACL', 'SETUSER', 'drainer', '~*');
    const report = await finish(start(scenario));
    const entries = await expectConverged(scenario, table.ids, report);
    expectOrderInsideKeys(entries, ({ id }) => Number(id));
    expect(await table.rowsLeft()).toBe(mode === 'move' ? 0 : table.ids.length);
  },
);
