import { connectRedis, type RedisConnection, runScript } from '../../src/backends/redis/index.ts';
import { breakerSync } from '../../src/backends/redis/scripts/breaker/sync.ts';
import { scriptKeys } from '../../src/breaker/keys.ts';
import type { OwnRedis } from './own-redis.ts';
import type { CommandSetting } from './run-command.ts';

/** What a command has shown: without who, where and when. */
export interface Shown {
  code: number;
  /** A line each, its cells apart by ` | `. */
  rows: string[];
  stderr: string;
}

const still = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
    .replaceAll(/by \S+@[^\s:,]+/g, 'by WHO');

/** Runs a command of breakers and shows its table as rows. */
export async function showBreakers(
  redis: OwnRedis,
  argv: string[],
  setting: CommandSetting = {},
): Promise<Shown> {
  const { code, stdout, stderr } = await redis.run(['breaker', ...argv], { columns: 200, ...setting });
  const rows = still(stdout).trimEnd().split('\n');
  return { code, rows: rows.map((row) => row.replaceAll(/ {2,}/g, ' | ')), stderr: still(stderr) };
}

/** Reports calls of a process, as the library does; it makes the breaker where it is not there. */
export async function reportCalls(url: string, name: string, report: object): Promise<void> {
  const redis: RedisConnection = await connectRedis({ url });
  try {
    await redis.client.zadd('qctl:cb:index', Date.now(), name);
    const request = { instance: 'worker-1', version: 0, rev: 0, ...report };
    await runScript(redis.client, breakerSync, scriptKeys(redis, name), [name, JSON.stringify(request)]);
  } finally {
    await redis.close();
  }
}
