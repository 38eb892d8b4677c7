import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tieToThisProcess } from '../../test/support/orphans.ts';
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts';
import { startRedis } from '../../test/support/redis.ts';
import { freePort } from '../../test/support/server-process.ts';
import type { OnEnd } from '../kit/play.ts';

/** Stream of V2, and that of the results. */
export const EVENTS = 'tapio:events';
export const RESULTS = 'tapio:results';
const SHADOW = 'tapio:shadow';
/** So many namespaces send events. */
export const NAMESPACES = 1000;

/** The path of one of the team's programs. */
export const standIn = (name: string) => fileURLToPath(new URL(`stand-ins/${name}.mjs`, import.meta.url));

/** Redis, PostgreSQL, and a port for V2. */
export async function startServers(onEnd: OnEnd) {
  const redis = startRedis();
  const postgres: Promise<TestPostgres> = startPostgres();
  onEnd(async () => (await redis).stop());
  onEnd(async () => (await postgres).stop());
  return Promise.all([redis, postgres, freePort()]);
}

/** What the team's programs are told. */
export function environment(
  folder: string,
  at: { redis: string; database: string; port: number },
): Record<string, string> {
  return {
    REDIS_URL: at.redis,
    DATABASE_URL: at.database,
    EVENTS,
    SHADOW,
    RESULTS,
    NAMESPACES: String(NAMESPACES),
    STATUS_PORT: String(at.port),
    FLAGS_FILE: join(folder, 'flags.yaml'),
    FAULTS_FILE: join(folder, 'faults.json'),
    PRODUCED_FILE: join(folder, 'produced.ndjson'),
  };
}

/** Starts it; it says by a message when it is ready. */
export function startCollector(env: Record<string, string>): ChildProcess {
  const child = fork(standIn('collector'), { env: { ...env, RUN: 'ev' } });
  tieToThisProcess(child.pid);
  return child;
}

/** The next answer of the collector. */
export function answerOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('the collector has ended'));
    child.once('exit', ended);
    child.once('message', () => {
      child.off('exit', ended);
      resolve();
    });
  });
}
