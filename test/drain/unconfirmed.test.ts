import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { pauseRun, resumeRun, runStatus } from '../../src/drain/index.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { feedReplicas, starveReplicas } from '../support/redis-topologies.ts';
import { uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { jobsDatabase } from './jobs.ts';
import { endAll, running } from './running.ts';

/* A primary whose replica comes and goes, without anybody who would promote it. */

let primary: TestRedis;
let replica: TestRedis;
let redis: RedisConnection;
let jobs: Awaited<ReturnType<typeof jobsDatabase>>;
beforeAll(async () => {
  const args = ['--repl-diskless-sync-delay', '0'];
  [jobs, primary, replica] = await Promise.all([jobsDatabase(), startRedis({ args }), startRedis({ args })]);
  const client = new Redis(replica.url);
  await client.replicaof(primary.host, primary.port);
  const up = async () => (await client.info('replication')).includes('master_link_status:up');
  await waitFor(up, { what: 'replication' });
  client.disconnect();
  redis = await connectRedis({ url: primary.url });
});
afterAll(endAll);
afterAll(async () => {
  await redis.close();
  await Promise.all([primary.stop(), replica.stop()]);
});

test('while no replica confirms anything, a drain with wait:1 says so, is seen alive and obeys', async () => {
  const [table, stream] = [await jobs.tableOf(4000), uniqueName('unconfirmed')];
  const warnings: string[] = [];
  const warn = ({ message }: Error) => warnings.push(message);
  process.on('warning', warn);
  const drain = await running({
    spec: { table },
    database: jobs.url,
    target: { stream, durability: 'wait:1' },
    settings: { workers: 12, batch: 5, ratePerSecond: 2000 },
    redisUrl: primary.url,
  });
  await drain.until('at work', ({ appended }) => appended > 0);
  await starveReplicas(primary);
  const status = () => runStatus(redis, drain.run);
  const waits = async () => (await status()).waits.some((wait) => /0 of 1 replicas/.test(wait));
  await waitFor(waits, { what: 'the reason in the status' });
  await pauseRun(redis, drain.run, { by: 'ann@desk', reason: null });
  // Twelve workers wait two seconds each, one behind the other.
  await waitFor(async () => (await status()).state === 'paused', { what: 'the pause', timeoutMs: 8000 });
  expect(await status()).toMatchObject({ processes: 1 });
  await feedReplicas(primary);
  await resumeRun(redis, drain.run, { by: 'ann@desk', reason: null });
  expect(await drain.report).toMatchObject({ converged: true, appended: 4000 });
  expect(await jobs.rowsIn(table)).toBe(0);
  process.off('warning', warn);
  expect(warnings).toEqual([]);
});
