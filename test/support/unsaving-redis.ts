import { mkdir, rm } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { startRedis, type TestRedis } from './redis.ts';
import { waitFor } from './wait.ts';

/** A Redis whose disk is gone, so that it refuses writes with MISCONF. */
export interface UnsavingRedis {
  server: TestRedis;
  /** Whether it refuses writes meanwhile, as it does by default. */
  refuseWrites(yes: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** @param fill what is to be in it before its disk goes */
export async function startUnsavingRedis(
  fill: (redis: Redis) => Promise<unknown> = async () => undefined,
): Promise<UnsavingRedis> {
  // A server without save points never says MISCONF; one with them does not stop while it cannot save.
  const server = await startRedis();
  const redis = new Redis(server.url);
  redis.on('error', () => undefined);
  await fill(redis);
  await redis.config('SET', 'save', '3600 100000');
  await rm(server.folder, { recursive: true });
  await redis.bgsave();
  await waitFor(async () => (await redis.info('persistence')).includes('rdb_last_bgsave_status:err'), {
    what: 'a failed snapshot',
  });
  return {
    server,
    refuseWrites: async (yes) => {
      await redis.config('SET', 'stop-writes-on-bgsave-error', yes ? 'yes' : 'no');
    },
    stop: async () => {
      await redis.config('SET', 'save', '');
      redis.disconnect();
      await mkdir(server.folder, { recursive: true });
      await server.stop();
    },
  };
}
