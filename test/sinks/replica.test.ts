import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RedisScript, runScript } from '../../src/backends/redis/script.ts';
import { appendLane } from '../../src/backends/redis/scripts/append-lane.ts';
import { appendLedger } from '../../src/backends/redis/scripts/append-ledger.ts';
import { beatRun } from '../../src/backends/redis/scripts/beat-run.ts';
import { claimLane } from '../../src/backends/redis/scripts/claim-lane.ts';
import { findUnknown } from '../../src/backends/redis/scripts/find-unknown.ts';
import { primaryFields } from '../../src/backends/redis/scripts/primary-fields.ts';
import { sealLane } from '../../src/backends/redis/scripts/seal-lane.ts';
import { settleLane } from '../../src/backends/redis/scripts/settle-lane.ts';
import { takeLock } from '../../src/backends/redis/scripts/take-lock.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { freePort } from '../support/server-process.ts';

let replica: TestRedis;
let client: Redis;
beforeAll(async () => {
  // Of a primary that is not there: it has nothing, and answers all the same.
  replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(await freePort())] });
  client = new Redis(replica.url);
});
afterAll(async () => {
  client.disconnect();
  await replica.stop();
});

const [A, B, C, D, E, F] = ['{x}a', '{x}b', '{x}c', '{x}d', '{x}e', '{x}f'];

test.each<[string, RedisScript, string[], (string | number)[]]>([
  ['an append by lane', appendLane, [A, B, C], ['1|m', '', '1', '', '', '[]', '', 0, '[]', '', '', 0, 0, 0]],
  ['a seal', sealLane, [A], ['1|m', 1]],
  ['a note of settling', settleLane, [A], ['1|m', '', 0]],
  ['an append by ledger', appendLedger, [A, B, C, D, E, F], [0, 'c:', '[]', '', 0, '[]', '', '', 0, 0]],
  ['a claim of a lane', claimLane, [A], [0, 'm', 0]],
  ['a beat', beatRun, [A], ['m', '{}', 1000]],
  ['a lock', takeLock, [A], ['run', 'other', 'host', 'why', 'now']],
  ['a look at a checkpoint', primaryFields, [A], ['token']],
  ['a look into a ledger', findUnknown, [A, B], ['id']],
])('%s is not judged by what a replica has', async (_, script, keys, args) => {
  await expect(runScript(client, script, keys, args)).rejects.toThrow(/READONLY/);
});
