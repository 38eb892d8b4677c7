import type { TestProject } from 'vitest/node';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { startSqs } from './sqs.ts';

declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string;
    postgresUrl: string;
    sqsEndpoint: string;
  }
}

/**
 * Autovacuum looks into hundreds of databases that nobody uses any more, ten times a second. A new database is a
 * checkpoint, and after one whole pages would be logged.
 */
const POSTGRES = ['max_connections=400', 'autovacuum=off', 'full_page_writes=off'].flatMap((one) => [
  '-c',
  one,
]);

/** One server of each kind for the whole run; tests that break servers start their own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await Promise.all([startRedis(), startPostgres({ args: POSTGRES }), startSqs()]);
  const [redis, postgres, sqs] = servers;
  project.provide('redisUrl', redis.url);
  project.provide('postgresUrl', postgres.url());
  project.provide('sqsEndpoint', sqs.endpoint);
  return async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
}
