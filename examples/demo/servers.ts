import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts';
import { startRedis, type TestRedis } from '../../test/support/redis.ts';
import { startSqs, type TestSqs } from '../../test/support/sqs.ts';

/** The three servers of the demo. */
export interface Servers {
  redis: TestRedis;
  postgres: TestPostgres;
  sqs: TestSqs;
  /** Stops all of them and removes their folders. */
  stop(): Promise<void>;
}

/** Starts them side by side. Where one does not come up, the others are stopped again. */
export async function startServers(): Promise<Servers> {
  const results = await Promise.allSettled([
    startRedis({ aof: 'always' }),
    startPostgres(),
    startSqs(),
  ] as const);
  const stop = async () => {
    await Promise.all(results.map((result) => result.status === 'fulfilled' && result.value.stop()));
  };
  const [redis, postgres, sqs] = results;
  if (redis.status === 'fulfilled' && postgres.status === 'fulfilled' && sqs.status === 'fulfilled')
    return { redis: redis.value, postgres: postgres.value, sqs: sqs.value, stop };
  await stop();
  throw results.find((result) => result.status === 'rejected')!.reason;
}
