import { afterAll, beforeAll, beforeEach } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import type { StreamConfig } from '../../src/config/schema.ts';
import {
  type MaintainReport,
  type MaintainRequest,
  type Part,
  planMaintenance,
  runMaintenance,
  type StreamWork,
} from '../../src/maintain/index.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

/** A server of its own, empty before each test, and maintenance of it. */
export interface Maintained {
  readonly redis: RedisConnection;
  readonly server: TestRedis;
  request(
    parts: readonly Part[],
    streams: Record<string, StreamConfig>,
    more?: Partial<MaintainRequest>,
  ): MaintainRequest;
  /** Runs these parts alone. */
  run(
    parts: readonly Part[],
    streams: Record<string, StreamConfig>,
    more?: Partial<MaintainRequest>,
  ): Promise<MaintainReport>;
  /** What they would do to streams. */
  plan(parts: readonly Part[], streams: Record<string, StreamConfig>): Promise<StreamWork[]>;
}

const operator = { by: 'ada', host: 'ops1' };
/** Nobody stops it, nobody listens. */
export const EVENTS = { signal: new AbortController().signal, waiting: () => undefined };

/** To be called at the top of a file of tests. */
export function useMaintained(): Maintained {
  let server: TestRedis;
  let redis: RedisConnection;
  beforeAll(async () => {
    server = await startRedis();
    redis = await connectRedis({ url: server.url });
  });
  beforeEach(() => redis.client.flushall());
  afterAll(async () => {
    await redis.close();
    await server.stop();
  });
  const own: Maintained = {
    get redis() {
      return redis;
    },
    get server() {
      return server;
    },
    request: (parts, streams, more) => ({ redis, streams, parts: new Set(parts), operator, ...more }),
    run: (parts, streams, more) => runMaintenance(own.request(parts, streams, more), EVENTS),
    plan: async (parts, streams) => (await planMaintenance(own.request(parts, streams), EVENTS)).streams,
  };
  return own;
}

/** What stands in a report of streams, without what says nothing. */
export function shown(works: readonly StreamWork[]): object[] {
  return works.map((work) =>
    Object.fromEntries(
      Object.entries(work).filter(([, value]) => value !== null && value !== false && value !== 0),
    ),
  );
}
