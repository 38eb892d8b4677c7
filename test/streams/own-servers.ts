import { Redis } from 'ioredis';
import { afterAll } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { type RedisOptions, startRedis, type TestRedis } from '../support/redis.ts';

/** Servers that a test may do harm to; they and what is pushed to `ends` are gone after the file. */
export interface OwnServers {
  ends: (() => unknown)[];
  /** A server, and a client of it that outlives its restarts. */
  own(options?: RedisOptions): Promise<{ server: TestRedis; look: Redis }>;
  connect(url: string): Promise<RedisConnection>;
}

/** To be called at the top of a file of tests, or of a `describe`. */
export function useOwnServers(): OwnServers {
  const ends: (() => unknown)[] = [];
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });
  return {
    ends,
    async own(options = {}) {
      const server = await startRedis(options);
      const look = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
      look.on('error', () => {});
      ends.push(
        () => server.stop(),
        () => look.disconnect(),
      );
      return { server, look };
    },
    async connect(url) {
      const connection = await connectRedis({ url });
      ends.push(() => connection.close());
      return connection;
    },
  };
}
