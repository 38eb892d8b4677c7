import type { RedisConnection } from '../../src/backends/redis/index.ts';
import type { Work } from '../../src/streams/index.ts';
import type { Context } from '../context.ts';

const COUNTING_MS = 20_000;
const PATIENCE_MS = 5000;

/** Counting that ends in time: what was counted so far is a bound then. */
export function countingWork({ signal, options }: Context): Work {
  return {
    signal: AbortSignal.any([signal, AbortSignal.timeout(COUNTING_MS)]),
    waiting: () => undefined,
    patienceMs: options.timeoutMs ?? PATIENCE_MS,
  };
}

/** Where a command measures. */
export interface Measuring {
  redis: RedisConnection;
  work: Work;
}

/** The connection, and how long may be counted. */
export async function measuring(context: Context): Promise<Measuring> {
  return { redis: await context.redis(), work: countingWork(context) };
}

const AT_ONCE = 50;

/** Runs many tasks, so many at a time; the results stand in the order of the tasks. */
export async function inTurns<T>(tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  for (let at = 0; at < tasks.length; at += AT_ONCE) {
    results.push(...(await Promise.all(tasks.slice(at, at + AT_ONCE).map((task) => task()))));
  }
  return results;
}
