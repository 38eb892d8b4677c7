import type { OwnRedis } from './own-redis.ts';
import type { CommandSetting } from './run-command.ts';

/** What a command has shown: without who and when. */
export interface Shown {
  code: number;
  /** A line each, its cells apart by ` | `. */
  rows: string[];
  stderr: string;
}

/** Runs a command of routes and shows its table as rows. */
export async function showRoutes(
  redis: OwnRedis,
  argv: string[],
  setting: CommandSetting = {},
): Promise<Shown> {
  const { code, stdout, stderr } = await redis.run(['route', ...argv], { columns: 200, ...setting });
  const rows = still(stdout).trimEnd().split('\n');
  return { code, rows: rows.map((row) => row.replaceAll(/ {2,}/g, ' | ')), stderr: still(stderr) };
}

/** A text without who and when. */
export function still(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
    .replaceAll(/[\w.-]+@[\w.-]+/g, 'WHO');
}
