import { onTestFinished } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import {
  type Overview,
  type OverviewDoors,
  type OverviewOptions,
  openOverview,
  type Seen,
  type Snapshot,
} from '../../src/overview/index.ts';
import { inTime } from '../support/wait.ts';

/** Doors to one Redis; all else is missing unless it is given. */
export function doorsTo(redis: RedisConnection, more: Partial<OverviewDoors> = {}): OverviewDoors {
  return {
    redis: async () => redis,
    postgres: async () => Promise.reject(new Error('there is no Postgres')),
    broker: async () => Promise.reject(new Error('there is no broker')),
    sqs: async () => Promise.reject(new Error('there is no SQS')),
    config: async () => ({ sources: {}, streams: {} }),
    ...more,
  };
}

/** An overview that looks often, closed after the test. */
export function opened(doors: OverviewDoors, options: OverviewOptions = {}): Overview {
  const overview = openOverview(doors, { intervalMs: 50, ...options });
  onTestFinished(() => overview.close());
  return overview;
}

/** A connection of a test, closed after it. */
export async function connected(url: string): Promise<RedisConnection> {
  const redis = await connectRedis({ url });
  onTestFinished(() => redis.close());
  return redis;
}

/** The next look, this one included, that fits. */
export function until(overview: Overview, fits: (seen: Seen) => unknown, what = 'a look'): Promise<Seen> {
  return inTime(
    new Promise((resolve) => {
      const end = overview.subscribe((seen) => {
        if (!fits(seen)) return;
        end();
        resolve(seen);
      });
      if (fits(overview.seen())) {
        end();
        resolve(overview.seen());
      }
    }),
    what,
  );
}

/** The snapshot of a look that began after now. */
export async function nextLook(overview: Overview): Promise<Snapshot> {
  const seq = overview.seen().snapshot?.seq ?? 0;
  const { snapshot } = await until(overview, (seen) => (seen.snapshot?.seq ?? 0) >= seq + 2);
  return snapshot!;
}
